//===- Returns.cpp - calls in tail position get returns of their own -----===//
//
// Optimisers merge a function's returns into one block.  What follows a call in
// tail position is a branch to it then, and FramesPass, which knows a call in
// tail position by the return behind it, would give the call a pad: it could
// not become a jump any more, and functions that call each other so would fill
// the stack.  Code generation, too, takes returns apart again, but afterwards.
//
// On exit: no branch to a block that does nothing but return follows a call
// marked `tail` whose result, if any is, is what is returned.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace popcorn {

namespace {

bool isLifetimeEnd(const Instruction &I) {
  auto *II = dyn_cast<IntrinsicInst>(&I);
  return II && II->getIntrinsicID() == Intrinsic::lifetime_end;
}

// The return of a block that does nothing else, or null.
ReturnInst *onlyReturn(BasicBlock &BB) {
  for (Instruction &I : BB)
    if (!isa<PHINode>(I) && !isa<DbgInfoIntrinsic>(I) && !isLifetimeEnd(I))
      return dyn_cast<ReturnInst>(&I);
  return nullptr;
}

// Does Pred end in a tail call and a branch to Ret's block, which returns its
// result?
bool endsInTailCall(BasicBlock *Pred, ReturnInst *Ret) {
  auto *Branch = dyn_cast<BranchInst>(Pred->getTerminator());
  if (!Branch || Branch->isConditional())
    return false;
  Instruction *Last = Branch->getPrevNonDebugInstruction();
  while (Last && isLifetimeEnd(*Last))
    Last = Last->getPrevNonDebugInstruction();
  auto *Call = dyn_cast_or_null<CallInst>(Last);
  if (!Call || !Call->isTailCall() || isa<IntrinsicInst>(Call))
    return false;
  Value *Returned = Ret->getReturnValue();
  if (!Returned)
    return true;
  auto *Phi = dyn_cast<PHINode>(Returned);
  return Phi && Phi->getParent() == Ret->getParent() &&
         Phi->getIncomingValueForBlock(Pred) == Call;
}

} // namespace

PreservedAnalyses ReturnsPass::run(Module &M, ModuleAnalysisManager &) {
  for (Function &F : M) {
    SmallVector<std::pair<BasicBlock *, ReturnInst *>, 8> Calls;
    for (BasicBlock &BB : F)
      if (ReturnInst *Ret = onlyReturn(BB))
        for (BasicBlock *Pred : predecessors(&BB))
          if (endsInTailCall(Pred, Ret))
            Calls.push_back({Pred, Ret});
    for (auto [Pred, Ret] : Calls) {
      BasicBlock *BB = Ret->getParent();
      FoldReturnIntoUncondBranch(Ret, BB, Pred);
      if (pred_empty(BB) && !BB->isEntryBlock())
        DeleteDeadBlock(BB);
    }
  }
  return PreservedAnalyses::none();
}

} // namespace popcorn
