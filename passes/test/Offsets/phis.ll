; RUN: %opt -passes=popcorn-offset-phis,verify -S %s | FileCheck %s

declare void @use(ptr)

; An interpreter's dispatch: pc is only read at, pc + 1 lives on.  Is one left?
; CHECK-LABEL: define i32 @dispatch(
; CHECK: loop:
; CHECK-NEXT: %next = phi ptr [ %first, %entry ], [ %again, %loop ], [ %jumped, %jump ]
; CHECK-NEXT: %pc = getelementptr i8, ptr %next, i64 -4
; CHECK-NEXT: load i32, ptr %pc
define i32 @dispatch(ptr %code) {
entry:
  %first = getelementptr inbounds i8, ptr %code, i64 4
  br label %loop
loop:
  %pc = phi ptr [ %code, %entry ], [ %next, %loop ], [ %to, %jump ]
  %next = phi ptr [ %first, %entry ], [ %again, %loop ], [ %jumped, %jump ]
  %op = load i32, ptr %pc
  %again = getelementptr inbounds i8, ptr %next, i64 4
  switch i32 %op, label %loop [ i32 0, label %done
                                i32 1, label %jump ]
jump:
  %by = load i32, ptr %next
  %far = sext i32 %by to i64
  %to = getelementptr inbounds i32, ptr %next, i64 %far
  %jumped = getelementptr inbounds i32, ptr %to, i64 1
  br label %loop
done:
  ret i32 %op
}

; Both are passed on: is the second made of the first?
; CHECK-LABEL: define void @both(
; CHECK: %a = phi ptr
; CHECK-NEXT: %b = getelementptr i8, ptr %a, i64 24
; CHECK-NOT: phi
define void @both(ptr %x, ptr %y, i1 %which) {
entry:
  %x1 = getelementptr i8, ptr %x, i64 8
  %x2 = getelementptr i8, ptr %x, i64 32
  br i1 %which, label %one, label %join
one:
  %y1 = getelementptr i8, ptr %y, i64 -24
  br label %join
join:
  %a = phi ptr [ %x1, %entry ], [ %y1, %one ]
  %b = phi ptr [ %x2, %entry ], [ %y, %one ]
  call void @use(ptr %a)
  call void @use(ptr %b)
  ret void
}

; Equal ones become one.
; CHECK-LABEL: define void @equal(
; CHECK: %a = phi ptr
; CHECK-NEXT: call void @use(ptr %a)
; CHECK-NEXT: call void @use(ptr %a)
define void @equal(ptr %x, ptr %y, i1 %which) {
entry:
  br i1 %which, label %one, label %join
one:
  br label %join
join:
  %a = phi ptr [ %x, %entry ], [ %y, %one ]
  %b = phi ptr [ %x, %entry ], [ %y, %one ]
  call void @use(ptr %a)
  call void @use(ptr %b)
  ret void
}

; Another distance on one way, another base, no pointers: are they left alone?
; CHECK-LABEL: define void @differ(
; CHECK: %a = phi ptr
; CHECK-NEXT: %b = phi ptr
; CHECK-NEXT: %c = phi ptr
; CHECK-NEXT: %d = phi i64
; CHECK-NEXT: %e = phi i64
; CHECK-NEXT: call
define void @differ(ptr %x, ptr %y, i64 %i, i1 %which) {
entry:
  %x1 = getelementptr i8, ptr %x, i64 8
  %j = add i64 %i, 1
  br i1 %which, label %one, label %join
one:
  %y1 = getelementptr i8, ptr %y, i64 16
  br label %join
join:
  %a = phi ptr [ %x, %entry ], [ %y, %one ]
  %b = phi ptr [ %x1, %entry ], [ %y1, %one ]
  %c = phi ptr [ %x, %entry ], [ %x, %one ]
  %d = phi i64 [ 1, %entry ], [ %i, %one ]
  %e = phi i64 [ 2, %entry ], [ %j, %one ]
  call void @use(ptr %a)
  call void @use(ptr %b)
  call void @use(ptr %c)
  ret void
}
