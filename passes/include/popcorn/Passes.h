//===- Passes.h - the plug-in's passes, in the order they run ------------===//
//
// Terms.  A *poll* loads the poll flag and, when it is set, calls
// __popcorn_poll.  A call *may migrate* if its callee can reach a poll; such a
// call is a *site*.  A *frame record* holds the values live behind a site
// (struct pcn_record in pcn/abi.h), a *resume function* continues from one.
//
// All are module passes and run once on the merged whole program; only what
// Plugin.cpp lists under popcorn-isa<> runs once per ISA.
//
//===----------------------------------------------------------------------===//
#ifndef POPCORN_PASSES_H
#define POPCORN_PASSES_H

#include "llvm/IR/PassManager.h"
#include "llvm/Support/CodeGen.h"

namespace popcorn {

#define POPCORN_PASS(NAME)                                                     \
  struct NAME : llvm::PassInfoMixin<NAME> {                                    \
    llvm::PreservedAnalyses run(llvm::Module &,                                \
                                llvm::ModuleAnalysisManager &);                \
    static bool isRequired() { return true; }                                  \
  }

/// llvm.global.annotations "popcorn.*" become function attributes.
POPCORN_PASS(AnnotationsPass);
/// Floating point whose result LLVM leaves to back ends.
POPCORN_PASS(FloatsPass);
/// Reports what cannot be portable: inline asm, target intrinsics, x86_fp80.
POPCORN_PASS(CheckPass);
/// Assembly of one file, in clang, which knows the lines: marked at first, and
/// reported if it is still there at last.
POPCORN_PASS(WrittenInPass);
POPCORN_PASS(RefusePass);
/// Everything internal but the entry points and what code generation may call.
POPCORN_PASS(InternalizePass);
/// Direct calls whose type differs from their callee's.
POPCORN_PASS(CallsPass);
/// No variadic function, no llvm.va_* is left.
POPCORN_PASS(VariadicsPass);
/// No blockaddress, no indirectbr is left.
POPCORN_PASS(ComputedGotoPass);
/// setjmp calls become labels; every call that may longjmp becomes an invoke
/// with a pad of its own, of exactly this shape:
///     landingpad cleanup; %l = call @__popcorn_caught(activation);
///     switch %l [labels], default: resume
/// FramesPass prepends its own test to such pads.
POPCORN_PASS(SetJmpPass);
/// Of PHIs a constant distance apart one is left.
POPCORN_PASS(OffsetPhisPass);
/// Every unbounded execution passes a poll.
POPCORN_PASS(PollsPass);
/// Marks functions and indirect calls that may migrate and strips attributes
/// that would let LLVM forget it.
POPCORN_PASS(MayMigratePass);
/// A return of its own follows each call in tail position.
POPCORN_PASS(ReturnsPass);
/// Locals that escape or live across a site move to the side stack.
POPCORN_PASS(SideStackPass);
/// Sites become invokes with capturing pads; resume functions are made.
POPCORN_PASS(FramesPass);
/// Names, alignments and linkage that make layouts equal.
POPCORN_PASS(GlobalsPass);
/// Per ISA: computed gotos jump through addresses again.
POPCORN_PASS(ThreadGotoPass);
/// Constant offsets from an address are computed where they are used.
POPCORN_PASS(SinkOffsetsPass);
/// Every landing pad has one predecessor edge; the last word before EmitPass.
POPCORN_PASS(PadsPass);

#undef POPCORN_PASS

/// Triple, data layout and attributes of one ISA.
struct RetargetPass : llvm::PassInfoMixin<RetargetPass> {
  explicit RetargetPass(llvm::StringRef ISA) : ISA(ISA.str()) {}
  llvm::PreservedAnalyses run(llvm::Module &, llvm::ModuleAnalysisManager &);
  static bool isRequired() { return true; }
  std::string ISA;
};

/// The object of one ISA, to the file that -popcorn-object= names.
struct EmitPass : llvm::PassInfoMixin<EmitPass> {
  explicit EmitPass(llvm::CodeGenOptLevel Level) : Level(Level) {}
  llvm::PreservedAnalyses run(llvm::Module &, llvm::ModuleAnalysisManager &);
  static bool isRequired() { return true; }
  llvm::CodeGenOptLevel Level;
};

/// Function attributes that carry facts from one pass to another.
constexpr const char NoPollAttr[] = "popcorn-nopoll";       // bounded work
constexpr const char MayMigrateAttr[] = "popcorn-migrates"; // fn or call site

} // namespace popcorn

#endif
