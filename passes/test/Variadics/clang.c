// RUN: %clang %s | %opt -passes=popcorn-variadics,verify -S - | FileCheck %s

// Does clang's code for the caller and for va_arg agree with the area's shape,
// for what it passes by reference, in two words, and aligned?
struct pair { long a, b; };
struct large { long a[5]; };
struct aligned { _Alignas(16) long a; long b; };

// CHECK-LABEL: define {{.*}} @take(i32 {{.*}}, ptr %va)
// CHECK: call ptr asm "", "=r,0"(ptr %va)
// CHECK: call {{.*}}ptr @llvm.ptrmask.p0.i64(ptr {{.*}}, i64 -16)
long take(int n, ...)
{
	__builtin_va_list ap;
	__builtin_va_start(ap, n);
	struct pair p = __builtin_va_arg(ap, struct pair);
	struct large l = __builtin_va_arg(ap, struct large);
	struct aligned a = __builtin_va_arg(ap, struct aligned);
	__builtin_va_end(ap);
	return p.b + l.a[4] + a.b;
}

// CHECK-LABEL: define {{.*}} @give(
// CHECK: %va.area = alloca [64 x i8], align 16
// CHECK: store [2 x i64] %{{.*}}, ptr %va.area, align 16
// CHECK: [[LARGE:%.*]] = getelementptr inbounds i8, ptr %va.area, i64 16
// CHECK: store ptr %{{.*}}, ptr [[LARGE]], align 16
// CHECK: [[ALIGNED:%.*]] = getelementptr inbounds i8, ptr %va.area, i64 32
// CHECK: store i128 %{{.*}}, ptr [[ALIGNED]], align 16
long give(struct pair p, struct large l, struct aligned a)
{
	return take(3, p, l, a);
}
