; RUN: %opt -passes=popcorn-pads,verify -S %s | FileCheck %s

declare void @f()
declare void @g(i32)
declare i32 @__popcorn_personality(...)

; Does each of three calls with one pad get a pad of its own, which all go on
; where the one did, with the value each came with?
; CHECK-LABEL: define void @three(
; CHECK: invoke void @f()
; CHECK-NEXT: to label %{{.*}} unwind label %[[A:.*]]
; CHECK: invoke void @f()
; CHECK-NEXT: to label %{{.*}} unwind label %[[B:.*]]
; CHECK: invoke void @f()
; CHECK-NEXT: to label %{{.*}} unwind label %[[C:.*]]
; CHECK-DAG: [[A]]:{{ *}}; preds = %entry{{$}}
; CHECK-DAG: [[B]]:{{ *}}; preds = %one{{$}}
; CHECK-DAG: [[C]]:{{ *}}; preds = %two{{$}}
; CHECK: call void @g(i32 %
; CHECK: resume { ptr, i32 }
define void @three(i32 %a, i32 %b) personality ptr @__popcorn_personality {
entry:
  invoke void @f() to label %one unwind label %pad
one:
  invoke void @f() to label %two unwind label %pad
two:
  invoke void @f() to label %done unwind label %pad
done:
  ret void
pad:
  %v = phi i32 [ %a, %entry ], [ %b, %one ], [ 3, %two ]
  %l = landingpad { ptr, i32 } cleanup
  call void @g(i32 %v)
  resume { ptr, i32 } %l
}

; Is a pad of one call left alone?
; CHECK-LABEL: define void @one(
; CHECK: unwind label %pad
; CHECK: pad:{{ *}}; preds = %entry
; CHECK-NEXT: %l = landingpad { ptr, i32 }
; CHECK-NEXT: cleanup
; CHECK-NEXT: resume { ptr, i32 } %l
define void @one() personality ptr @__popcorn_personality {
entry:
  invoke void @f() to label %done unwind label %pad
done:
  ret void
pad:
  %l = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %l
}
