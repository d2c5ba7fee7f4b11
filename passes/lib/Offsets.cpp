//===- Offsets.cpp - one address lives on, not all that are near it ------===//
//
// What lives across a call costs a register or a place on the stack, and each
// landing pad has to find it.  An address at a constant distance from another
// one is no more than an operand of the instruction that uses it, so:
//
//  - OffsetPhisPass: of two PHIs of one block that are always the same distance
//    apart (pc and pc + 1 in an interpreter's dispatch, which redundancy
//    elimination has made of one) the second is computed from the first;
//  - SinkOffsetsPass: addresses of locals on the side stack, which
//  loop-invariant
//    code motion has gathered at the function's entry, are computed at each
//    call and access again, as the plain compiler does with its frame's.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace popcorn {

namespace {

// B - A if that is the same constant whichever way the block is entered.
std::optional<APInt> distance(const PHINode &A, const PHINode &B,
                              const DataLayout &DL) {
  unsigned Bits = DL.getIndexTypeSizeInBits(A.getType());
  std::optional<APInt> Distance;
  for (unsigned I = 0; I < A.getNumIncomingValues(); ++I) {
    APInt AtA(Bits, 0), AtB(Bits, 0);
    const Value *FromA =
        A.getIncomingValue(I)->stripAndAccumulateConstantOffsets(
            DL, AtA, /*AllowNonInbounds=*/true);
    const Value *FromB =
        B.getIncomingValueForBlock(A.getIncomingBlock(I))
            ->stripAndAccumulateConstantOffsets(DL, AtB,
                                                /*AllowNonInbounds=*/true);
    if (FromA != FromB || (Distance && *Distance != AtB - AtA))
      return std::nullopt;
    Distance = AtB - AtA;
  }
  return Distance;
}

// Do all users take it as an address, where another offset costs nothing?
bool onlyAccessed(const PHINode &Phi) {
  return all_of(Phi.uses(), [](const Use &U) {
    auto *Load = dyn_cast<LoadInst>(U.getUser());
    auto *Store = dyn_cast<StoreInst>(U.getUser());
    return Load || (Store && Store->getPointerOperand() == U.get() &&
                    Store->getValueOperand() != U.get());
  });
}

void derive(PHINode &Phi, PHINode &From, const APInt &Distance) {
  IRBuilder<> B(Phi.getParent(), Phi.getParent()->getFirstInsertionPt());
  Value *New = &From;
  if (!Distance.isZero()) {
    New = B.CreateGEP(B.getInt8Ty(), &From, B.getInt(Distance));
    New->takeName(&Phi);
  }
  Phi.replaceAllUsesWith(New);
  Phi.eraseFromParent();
}

void joinPhis(BasicBlock &BB, const DataLayout &DL) {
  if (BB.getFirstInsertionPt() == BB.end())
    return;
  SmallVector<PHINode *, 8> Kept;
  for (PHINode &Phi : make_early_inc_range(BB.phis())) {
    if (!Phi.getType()->isPointerTy())
      continue;
    bool Joined = false;
    for (PHINode *&K : Kept)
      if (auto D = distance(*K, Phi, DL)) {
        Joined = true;
        if (onlyAccessed(*K)) {
          derive(*K, Phi, -*D);
          K = &Phi;
        } else {
          derive(Phi, *K, *D);
        }
        break;
      }
    if (!Joined)
      Kept.push_back(&Phi);
  }
}

// Of the side stack pointer, which every function with a frame there has.
bool isOffset(const Instruction &I) {
  auto *GEP = dyn_cast<GetElementPtrInst>(&I);
  if (!GEP || !GEP->hasAllConstantIndices())
    return false;
  auto *Load = dyn_cast<LoadInst>(GEP->getPointerOperand());
  auto *From =
      Load ? dyn_cast<IntrinsicInst>(Load->getPointerOperand()) : nullptr;
  return From && From->getIntrinsicID() == Intrinsic::threadlocal_address &&
         From->getArgOperand(0)->getName() == "__popcorn_side_sp";
}

// Where an operand is needed, or null if an address there would gain nothing.
Instruction *placeOfUse(const Use &U) {
  auto *User = cast<Instruction>(U.getUser());
  if (auto *Phi = dyn_cast<PHINode>(User))
    return Phi->getIncomingBlock(U)->getTerminator();
  bool Folds =
      isa<CallBase>(User) || isa<LoadInst>(User) || isa<StoreInst>(User);
  return Folds ? User : nullptr;
}

void sink(Instruction *Offset) {
  // One for all operands of a user in one place: a block that enters a PHI
  // twice has to bring one value.
  SmallDenseMap<std::pair<User *, BasicBlock *>, Instruction *> Copies;
  for (Use &U : make_early_inc_range(Offset->uses())) {
    Instruction *Place = placeOfUse(U);
    if (!Place || Place->getParent() == Offset->getParent())
      continue;
    Instruction *&Copy = Copies[{U.getUser(), Place->getParent()}];
    if (!Copy) {
      Copy = Offset->clone();
      Copy->insertBefore(Place);
      Copy->setDebugLoc(Place->getDebugLoc());
    }
    U.set(Copy);
  }
  if (Offset->use_empty())
    Offset->eraseFromParent();
}

} // namespace

PreservedAnalyses OffsetPhisPass::run(Module &M, ModuleAnalysisManager &) {
  for (Function &F : M)
    for (BasicBlock &BB : F)
      joinPhis(BB, M.getDataLayout());
  return PreservedAnalyses::none();
}

PreservedAnalyses SinkOffsetsPass::run(Module &M, ModuleAnalysisManager &) {
  for (Function &F : M) {
    SmallVector<Instruction *, 32> Offsets;
    for (BasicBlock &BB : F)
      for (Instruction &I : BB)
        if (isOffset(I))
          Offsets.push_back(&I);
    for (Instruction *I : Offsets)
      sink(I);
  }
  return PreservedAnalyses::none();
}

} // namespace popcorn
