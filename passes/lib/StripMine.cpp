//===- StripMine.cpp - counted loops poll once per chunk ------------------===//
//
// A loop without calls whose trip count is known on entry is cut in two: an
// inner loop of at most Chunk iterations, which keeps one exit and a plain
// count and so can still be vectorised and unrolled, and an outer one that
// polls between chunks.
//
//    preheader:  btc = backedges to take
//    chunk:      x = phi, rem = phi [btc], n = umin(rem, Chunk - 1)
//    header:     x' = phi [x], c = phi [0]; ...; latch: c == n ? done : header
//    done:       rem == n ? exit : poll
//    poll:       rem' = rem - n - 1; -> chunk
//
//===----------------------------------------------------------------------===//
#include "StripMine.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

using namespace llvm;

namespace popcorn {

static bool hasCalls(const Loop &L) {
  for (const BasicBlock *BB : L.blocks())
    for (const Instruction &I : *BB)
      if (isa<CallBase>(I) && !isa<IntrinsicInst>(I))
        return true;
  return false;
}

Value *stripMineCount(Loop &L, ScalarEvolution &SE,
                      const TargetTransformInfo &TTI) {
  BasicBlock *Preheader = L.getLoopPreheader(), *Latch = L.getLoopLatch();
  if (!L.isInnermost() || !Preheader || !Latch ||
      L.getExitingBlock() != Latch || hasCalls(L))
    return nullptr;
  auto *Branch = dyn_cast<BranchInst>(Latch->getTerminator());
  if (!Branch || !Branch->isConditional() || !L.getUniqueExitBlock())
    return nullptr;
  const SCEV *Count = SE.getBackedgeTakenCount(&L);
  if (isa<SCEVCouldNotCompute>(Count) || !Count->getType()->isIntegerTy() ||
      SE.getTypeSizeInBits(Count->getType()) > 64)
    return nullptr;
  SCEVExpander Expander(SE, L.getHeader()->getDataLayout(), "strip");
  Instruction *At = Preheader->getTerminator();
  if (Expander.isHighCostExpansion(Count, &L, 4, &TTI, At) ||
      !Expander.isSafeToExpandAt(Count, At))
    return nullptr;
  Type *I64 = Type::getInt64Ty(At->getContext());
  return Expander.expandCodeFor(SE.getZeroExtendExpr(Count, I64), I64, At);
}

Instruction *stripMine(Loop &L, Value *Count, uint64_t Chunk) {
  BasicBlock *Preheader = L.getLoopPreheader(), *Header = L.getHeader(),
             *Latch = L.getLoopLatch(), *Exit = L.getUniqueExitBlock();
  Function *F = Header->getParent();
  LLVMContext &C = F->getContext();
  auto *Branch = cast<BranchInst>(Latch->getTerminator());
  DebugLoc Loc = Branch->getDebugLoc();

  BasicBlock *Outer = BasicBlock::Create(C, "chunk", F, Header);
  BasicBlock *Done = BasicBlock::Create(C, "chunk.done", F, Exit);
  BasicBlock *Poll = BasicBlock::Create(C, "chunk.poll", F, Exit);
  IRBuilder<> B(Outer);
  B.SetCurrentDebugLocation(Loc);

  PHINode *Rest = B.CreatePHI(B.getInt64Ty(), 2, "chunk.rest");
  Rest->addIncoming(Count, Preheader);
  for (PHINode &Phi : Header->phis()) {
    PHINode *Start = B.CreatePHI(Phi.getType(), 2, Phi.getName() + ".chunk");
    Start->addIncoming(Phi.getIncomingValueForBlock(Preheader), Preheader);
    Start->addIncoming(Phi.getIncomingValueForBlock(Latch), Poll);
    int Index = Phi.getBasicBlockIndex(Preheader);
    Phi.setIncomingValue(Index, Start);
    Phi.setIncomingBlock(Index, Outer);
  }
  Value *Trips =
      B.CreateBinaryIntrinsic(Intrinsic::umin, Rest, B.getInt64(Chunk - 1));
  B.CreateBr(Header);
  Preheader->getTerminator()->replaceSuccessorWith(Header, Outer);

  B.SetInsertPoint(Header, Header->begin());
  PHINode *Index = B.CreatePHI(B.getInt64Ty(), 2, "chunk.index");
  B.SetInsertPoint(Branch);
  B.SetCurrentDebugLocation(Loc);
  Value *Next =
      B.CreateAdd(Index, B.getInt64(1), "", /*NUW=*/true, /*NSW=*/true);
  Index->addIncoming(B.getInt64(0), Outer);
  Index->addIncoming(Next, Latch);
  BranchInst *NewBranch =
      B.CreateCondBr(B.CreateICmpEQ(Index, Trips), Done, Header);
  if (MDNode *LoopID = Branch->getMetadata(LLVMContext::MD_loop))
    NewBranch->setMetadata(LLVMContext::MD_loop, LoopID);
  Branch->eraseFromParent();

  B.SetInsertPoint(Done);
  B.SetCurrentDebugLocation(Loc);
  B.CreateCondBr(B.CreateICmpEQ(Rest, Trips), Exit, Poll);
  for (PHINode &Phi : Exit->phis())
    Phi.replaceIncomingBlockWith(Latch, Done);

  B.SetInsertPoint(Poll);
  B.SetCurrentDebugLocation(Loc);
  Value *Left = B.CreateSub(B.CreateSub(Rest, Trips), B.getInt64(1));
  Rest->addIncoming(Left, Poll);
  return B.CreateBr(Outer);
}

} // namespace popcorn
