// RUN: %clang %s | %opt -passes=popcorn-annotations,popcorn-globals,'popcorn-retarget<x86_64>' -S - | FileCheck %s
// RUN: %clang %s | not %opt -passes=popcorn-annotations,'popcorn-retarget<aarch64>' -disable-output - 2>&1 | FileCheck -check-prefix=MISSING %s

// Is the text for the ISA all of the function's code?
// CHECK: define dso_local i64 @ticks() [[NAKED:#[0-9]+]] {
// CHECK-NEXT: call void asm sideeffect "rdtsc; shl $$32, %rdx; or %rdx, %rax; ret", ""()
// CHECK-NEXT: unreachable
// CHECK: attributes [[NAKED]] = { naked noinline nounwind uwtable {{.*}}}

// Is a missing text an error, naming function and ISA?
// MISSING: error: function 'ticks' has no popcorn.native text for aarch64
__attribute__((annotate("popcorn.native", "x86_64",
			"rdtsc; shl $32, %rdx; or %rdx, %rax; ret")))
unsigned long ticks(void);

unsigned long twice(void)
{
	return ticks() + ticks();
}
