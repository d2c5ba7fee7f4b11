; RUN: %opt -passes=popcorn-globals -S %s | FileCheck %s

; Is a cold function in .text with the others, its calls still unlikely?
; CHECK: define dso_local void @rare() {
define void @rare() cold !section_prefix !0 {
  ret void
}

; Is a hot one?
; CHECK: define dso_local void @often() {
; CHECK-NEXT: call void @rare() [[COLD:#[0-9]+]]
; CHECK-NEXT: call void @plain(){{$}}
define void @often() hot {
  call void @rare()
  call void @plain()
  ret void
}

; Is one in .text, too, that the user wants elsewhere?
; CHECK: define dso_local void @plain() {
define void @plain() section "mine" {
  ret void
}

; Does a section of ours stay?
; CHECK: define dso_local void @ours() section ".popcorn.cold.ours" {
define void @ours() section ".popcorn.cold.ours" {
  ret void
}

; Does a function without a name get one?
; CHECK: define internal void @__popcorn_unnamed.0()
define private void @0() {
  ret void
}

; Is the copy of a function that lives elsewhere only a declaration?
; CHECK: declare dso_local void @elsewhere()
define available_externally void @elsewhere() {
  ret void
}

; CHECK: attributes [[COLD]] = { cold }
!0 = !{!"section_prefix", !"unlikely"}
