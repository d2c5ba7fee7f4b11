; RUN: %opt -passes=popcorn-internalize,verify -S %s | FileCheck %s
; RUN: %opt -passes=popcorn-internalize,popcorn-polls,popcorn-may-migrate -S %s \
; RUN:   | FileCheck %s --check-prefix=LATER

; Is an alias that nobody outside sees only another name?
; CHECK-NOT: @other
; CHECK-NOT: @third
; CHECK-DAG: @pointer = internal global ptr @function
; CHECK-DAG: @chained = internal global ptr @function
@third = alias void (), ptr @third2
@chained = global ptr @third
@third2 = alias void (), ptr @function
@other = weak alias void (), ptr @function
@pointer = global ptr @other2
@other2 = alias void (), ptr @function

; Does one stay by whose name code generation may call?
; CHECK: @exp = alias double (double), ptr @my_exp
@exp = alias double (double), ptr @my_exp
define double @my_exp(double %x) {
  ret double %x
}
declare double @llvm.exp.f64(double)

; And one for a part of an object?
; CHECK: @second = internal alias i32, getelementptr (i8, ptr @pair, i64 4)
@pair = global [2 x i32] zeroinitializer
@second = alias i32, getelementptr (i8, ptr @pair, i64 4)

define void @function() {
  ret void
}

; CHECK-LABEL: define void @__popcorn_start_c(
; CHECK-NEXT: call void @function()
; CHECK: load i32, ptr @second
define void @__popcorn_start_c(ptr %p) {
  call void @other()
  %x = load double, ptr %p
  %y = call double @llvm.exp.f64(double %x)
  store double %y, ptr %p
  %z = load i32, ptr @second
  store i32 %z, ptr %p
  call void @poller()
  call void %p()
  ret void
}

; Is a function with an alias not taken for one whose address is known, so that
; no call through a pointer reaches its poll?
; LATER-LABEL: define void @__popcorn_start_c(
; LATER: call void @poller() [[SITE:#[0-9]+]]
; LATER-NEXT: call void %p(){{$}}
; LATER: attributes [[SITE]] = {{.*}}"popcorn-migrates"
@renamed = alias void (), ptr @poller
declare i32 @get()
define void @poller() {
entry:
  br label %loop
loop:
  %v = call i32 @get()
  %more = icmp ne i32 %v, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}
