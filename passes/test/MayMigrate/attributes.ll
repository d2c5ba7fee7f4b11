; RUN: %opt -passes=popcorn-may-migrate,verify -S %s | FileCheck %s

declare void @__popcorn_poll()
declare void @__popcorn_longjmp(ptr, i32) noreturn nounwind
declare i64 @__popcorn_syscall(i64) nounwind

; Goes from a function that migrates all that a capture would make a lie, from
; its parameters, too, while the rest stays?
; CHECK: define noundef ptr @polls(ptr noundef nonnull %a, ptr noalias %b, ptr %c) [[MIGRATES:#[0-9]+]]
; CHECK-NEXT: call void @__popcorn_poll() [[SITE:#[0-9]+]]
define noundef ptr @polls(ptr noundef nonnull nocapture readonly %a,
                          ptr noalias writeonly %b, ptr returned %c)
    noinline nounwind willreturn norecurse nosync nofree memory(argmem: read) {
  call void @__popcorn_poll() nounwind willreturn nosync nofree memory(none)
  ret ptr %c
}

; And from its calls?
; CHECK: define void @calls(ptr %p) [[PLAIN:#[0-9]+]]
; CHECK-NEXT: call noundef ptr @polls(ptr noundef nonnull %p, ptr noalias null, ptr %p) [[SITE]]
define void @calls(ptr %p) nounwind memory(readwrite) {
  call noundef ptr @polls(ptr noundef nonnull nocapture readonly %p,
                          ptr noalias writeonly null, ptr returned %p)
      nounwind willreturn nosync nofree memory(read)
  ret void
}

; Keeps a function that neither migrates nor is unwound all of it, and so its
; calls?
; CHECK: define ptr @leaf(ptr nocapture readonly %a, ptr returned %b) [[LEAF:#[0-9]+]]
define ptr @leaf(ptr nocapture readonly %a, ptr returned %b)
    nounwind willreturn norecurse nosync nofree memory(argmem: read) {
  ret ptr %b
}
; CHECK: define void @callsLeaf(ptr %p) [[LEAF]]
; CHECK-NEXT: call ptr @leaf(ptr nocapture readonly %p, ptr returned %p) [[QUIET:#[0-9]+]]
define void @callsLeaf(ptr %p)
    nounwind willreturn norecurse nosync nofree memory(argmem: read) {
  call ptr @leaf(ptr nocapture readonly %p, ptr returned %p)
      nounwind willreturn memory(read)
  ret void
}

; May a function through which a longjmp passes unwind, though it keeps what
; only a migration would falsify?
; CHECK: define void @jumps(ptr nocapture %b) [[UNWINDS:#[0-9]+]]
; CHECK-NEXT: call void @__popcorn_longjmp(ptr %b, i32 1){{$}}
define void @jumps(ptr nocapture %b) nounwind norecurse {
  call void @__popcorn_longjmp(ptr %b, i32 1) nounwind
  unreachable
}

; One that makes a system call, in which a signal's handler may jump?
; CHECK: define i64 @asks() [[UNWINDS]]
; CHECK-NEXT: call i64 @__popcorn_syscall(i64 1){{$}}
define i64 @asks() nounwind norecurse {
  %r = call i64 @__popcorn_syscall(i64 1) nounwind
  ret i64 %r
}

; And who calls such?
; CHECK: define void @callsJumps(ptr nocapture %b) [[UNWINDS]]
; CHECK-NEXT: call void @jumps(ptr nocapture %b){{$}}
define void @callsJumps(ptr nocapture %b) nounwind norecurse {
  call void @jumps(ptr nocapture %b) nounwind
  ret void
}

; CHECK-DAG: attributes [[MIGRATES]] = { noinline uwtable "popcorn-migrates" }
; CHECK-DAG: attributes [[PLAIN]] = { uwtable "popcorn-migrates" }
; CHECK-DAG: attributes [[SITE]] = { "popcorn-migrates" }
; CHECK-DAG: attributes [[LEAF]] = { nofree norecurse nosync nounwind willreturn memory(argmem: read) uwtable }
; CHECK-DAG: attributes [[QUIET]] = { nounwind willreturn memory(read) }
; CHECK-DAG: attributes [[UNWINDS]] = { norecurse uwtable }
