//===- Retarget.cpp - from the virtual ISA to one real one ---------------===//
//
// The module arrives as riscv64 IR whose layout every ISA shares: sizes and
// ABI alignments of all types are equal (GlobalsPass has fixed the preferred
// ones), so only the names change and what the front end said of the CPU goes.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Natives.h"
#include "popcorn/Passes.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace popcorn {

namespace {
struct Target {
  const char *ISA, *Triple, *DataLayout;
  const char *Tune;     // as clang would; code generation's default is another
  const char *Features; // beyond what every processor of the ISA is known for
};
const Target Targets[] = {
    {"x86_64", "x86_64-unknown-linux-musl",
     "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-"
     "n8:16:32:64-S128",
     "generic", "+cx16"}, // atomics of 16 bytes, which AArch64 has, too
    {"aarch64", "aarch64-unknown-linux-musl",
     "e-m:e-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32", nullptr,
     nullptr},
};

// Flags the merge keeps from riscv64 and that mean nothing, or harm, elsewhere.
const char *const ForeignFlags[] = {"target-abi", "SmallDataLimit", "riscv-isa",
                                    "PIC Level", "PIE Level"};
} // namespace

PreservedAnalyses RetargetPass::run(Module &M, ModuleAnalysisManager &) {
  const Target *T = nullptr;
  for (const Target &Candidate : Targets)
    if (ISA == Candidate.ISA)
      T = &Candidate;
  if (!T) {
    M.getContext().emitError("popcorn-isa: unknown ISA '" + ISA + "'");
    return PreservedAnalyses::all();
  }
  M.setTargetTriple(T->Triple);
  M.setDataLayout(T->DataLayout);
  defineNatives(M, ISA);

  for (Function &F : M) {
    for (const char *Attr : {"target-cpu", "target-features", "tune-cpu"})
      F.removeFnAttr(Attr);
    if (T->Features && !F.isDeclaration())
      F.addFnAttr("target-features", T->Features);
    if (T->Tune && !F.isDeclaration())
      F.addFnAttr("tune-cpu", T->Tune);
    for (BasicBlock &BB : F)
      for (Instruction &I : BB)
        if (auto *CB = dyn_cast<CallBase>(&I))
          for (const char *Attr : {"target-cpu", "target-features", "tune-cpu"})
            CB->removeFnAttr(Attr);
  }

  if (NamedMDNode *Flags = M.getModuleFlagsMetadata()) {
    SmallVector<MDNode *, 8> Kept;
    for (MDNode *Flag : Flags->operands()) {
      auto *Key = dyn_cast<MDString>(Flag->getOperand(1));
      if (!Key || !is_contained(ForeignFlags, Key->getString()))
        Kept.push_back(Flag);
    }
    Flags->clearOperands();
    for (MDNode *Flag : Kept)
      Flags->addOperand(Flag);
  }
  return PreservedAnalyses::none();
}

} // namespace popcorn
