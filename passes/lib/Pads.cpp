//===- Pads.cpp - every landing pad has one predecessor edge -------------===//
//
// LLVM 19's PHI elimination misplaces a copy when one value feeds PHIs in both
// the normal and the unwind successor of an invoke, which needs a pad with
// several predecessors.  FramesPass makes one pad per site; passes that run
// between it and code generation may merge equal ones.  This pass is the last
// before code generation and takes merged pads apart again.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace popcorn {

PreservedAnalyses PadsPass::run(Module &M, ModuleAnalysisManager &) {
  for (Function &F : M) {
    SmallVector<BasicBlock *, 16> Shared;
    for (BasicBlock &BB : F)
      if (BB.isLandingPad() && !BB.getSinglePredecessor())
        Shared.push_back(&BB);
    for (BasicBlock *Pad : Shared)
      while (!Pad->getSinglePredecessor() && Pad->isLandingPad()) {
        SmallVector<BasicBlock *, 2> New;
        BasicBlock *First = *pred_begin(Pad);
        SplitLandingPadPredecessors(Pad, {First}, ".one", ".rest", New);
        // The rest, if any, is a pad of its own now.
        Pad = New.size() > 1 ? New[1] : New[0];
      }
  }
  return PreservedAnalyses::none();
}

} // namespace popcorn
