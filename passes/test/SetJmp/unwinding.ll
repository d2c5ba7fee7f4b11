; RUN: %opt -passes=popcorn-setjmp,verify -S %s | FileCheck %s

declare i32 @setjmp(ptr) returns_twice
declare void @__popcorn_longjmp(ptr, i32) noreturn nounwind

; May a function through which a jump can pass unwind?
; CHECK: define void @jumps(ptr %b) [[PLAIN:#[0-9]+]]
define void @jumps(ptr %b) nounwind willreturn {
  call void @__popcorn_longjmp(ptr %b, i32 1)
  unreachable
}

; And one that calls it, or may call it?
; CHECK: define void @calls(ptr %b) [[PLAIN]]
define void @calls(ptr %b) nounwind {
  call void @jumps(ptr %b) nounwind
  ret void
}
; CHECK: define void @may(ptr %f) [[PLAIN]]
; CHECK-NEXT: call void %f(){{$}}
define void @may(ptr %f) nounwind {
  call void %f() nounwind
  ret void
}

; Does one that cannot jump keep what is known of it?
; CHECK: define i32 @leaf(i32 %a) [[LEAF:#[0-9]+]]
define i32 @leaf(i32 %a) nounwind willreturn memory(none) {
  ret i32 %a
}

define void @catches(ptr %b) {
  %r = call i32 @setjmp(ptr %b) returns_twice
  ret void
}

; CHECK: attributes [[PLAIN]] = { uwtable }
; CHECK: attributes [[LEAF]] = { nounwind willreturn memory(none) uwtable }
