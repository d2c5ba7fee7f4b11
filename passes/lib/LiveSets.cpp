//===- LiveSets.cpp - what lives across the sites of a function ----------===//
#include "LiveSets.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace popcorn {

constexpr unsigned MaxDerivedDepth = 4;

void LiveSets::numberBlocks(Function &F, ArrayRef<InvokeInst *> Sites) {
  Blocks.resize(F.size());
  for (const BasicBlock &BB : F)
    Number.try_emplace(&BB, Number.size());
  for (const BasicBlock &BB : F) {
    auto &Predecessors = Blocks[Number[&BB]].Predecessors;
    for (const BasicBlock *Pred : predecessors(&BB))
      Predecessors.push_back(Number[Pred]);
  }
  for (unsigned K = 0; K < Sites.size(); ++K)
    Blocks[Number[Sites[K]->getParent()]].Site = K;
}

// One variable at a time: walk back from each use to the definition.
void LiveSets::walk(Value *V, ArrayRef<InvokeInst *> Sites) {
  auto *Def = dyn_cast<Instruction>(V);
  const unsigned DefBlock = Def ? Number[Def->getParent()] : Blocks.size();
  BitVector *Bits = nullptr;
  SmallVector<unsigned, 16> Work; // blocks with V live in
  ++Walks;

  auto LiveIn = [&](unsigned B) {
    if (B == DefBlock || Blocks[B].SeenIn == Walks)
      return;
    Blocks[B].SeenIn = Walks;
    Work.push_back(B);
  };
  auto LiveOut = [&](unsigned B) {
    if (Blocks[B].SeenOut == Walks)
      return;
    Blocks[B].SeenOut = Walks;
    if (unsigned K = Blocks[B].Site; K != NoSite && V != Sites[K]) {
      if (!Bits) {
        Bits = &Across[V];
        Bits->resize(Sites.size());
      }
      Bits->set(K);
    }
    LiveIn(B);
  };
  for (Use &U : V->uses()) {
    auto *I = cast<Instruction>(U.getUser());
    if (auto *Phi = dyn_cast<PHINode>(I))
      LiveOut(Number[Phi->getIncomingBlock(U)]);
    else
      LiveIn(Number[I->getParent()]);
  }
  while (!Work.empty())
    for (unsigned Pred : Blocks[Work.pop_back_val()].Predecessors)
      LiveOut(Pred);
}

// The only operand that is not a constant, if V is cheap to compute again.
static bool isCheap(Value *V, Value *&Operand) {
  auto *I = dyn_cast<Instruction>(V);
  Operand = nullptr;
  if (!I)
    return false;
  if (auto *II = dyn_cast<IntrinsicInst>(I)) {
    if (II->getIntrinsicID() == Intrinsic::threadlocal_address)
      return true;
    if (II->getIntrinsicID() != Intrinsic::ptrmask ||
        !isa<Constant>(II->getArgOperand(1)))
      return false;
    Operand = II->getArgOperand(0);
    return !isa<Constant>(Operand);
  }
  bool Kind = isa<GetElementPtrInst>(I) || isa<CastInst>(I) || isa<ICmpInst>(I);
  if (auto *BO = dyn_cast<BinaryOperator>(I))
    Kind = !BO->isIntDivRem() && !BO->getType()->isFPOrFPVectorTy();
  if (!Kind)
    return false;
  for (Value *Op : I->operands()) {
    if (isa<Constant>(Op))
      continue;
    if (Operand && Operand != Op)
      return false;
    Operand = Op;
  }
  return Operand != nullptr;
}

bool LiveSets::covers(Value *Slot, const BitVector &Wanted) const {
  auto It = Across.find(Slot);
  if (It == Across.end())
    return Wanted.none();
  BitVector Missing = Wanted;
  Missing.reset(It->second);
  return Missing.none();
}

// Address arithmetic costs nothing where it is used: it folds into the access.
static bool isFree(Value *V) {
  auto *GEP = dyn_cast<GetElementPtrInst>(V);
  return GEP && GEP->hasAllConstantIndices();
}

void LiveSets::derive(Value *V) {
  auto It = Across.find(V);
  Value *Operand;
  if (It == Across.end() || !isCheap(V, Operand))
    return;
  Value *From = Operand;
  unsigned D = 1;
  if (Operand)
    if (auto R = Root.find(Operand); R != Root.end()) {
      From = R->second;
      D = Depth.lookup(Operand) + 1;
    }
  if (D > MaxDerivedDepth)
    return;
  if (From && !covers(From, It->second)) {
    // The root may live on in the place of what is at an offset from it.
    if (!isFree(V))
      return;
    BitVector Wanted = It->second;
    BitVector &Bits = Across[From];
    Bits.resize(Wanted.size());
    Bits |= Wanted;
  }
  Root[V] = From;
  Depth[V] = D;
}

LiveSets::LiveSets(Function &F, ArrayRef<InvokeInst *> Sites, bool Derive) {
  numberBlocks(F, Sites);
  for (Argument &A : F.args())
    walk(&A, Sites);
  for (Instruction &I : instructions(F))
    if (!I.use_empty() && !isa<AllocaInst>(I))
      walk(&I, Sites);
  ReversePostOrderTraversal<Function *> RPO(&F);
  if (Derive)
    for (BasicBlock *BB : RPO)
      for (Instruction &I : *BB)
        derive(&I);
  auto Consider = [&](Value *V) {
    if (Across.count(V) && !Root.count(V))
      Slots.push_back(V);
  };
  for (Argument &A : F.args())
    Consider(&A);
  for (Instruction &I : instructions(F))
    Consider(&I);
}

void LiveSets::forEachDerived(function_ref<void(Instruction *)> Visit) const {
  for (auto &[V, R] : Root)
    Visit(cast<Instruction>(V));
}

} // namespace popcorn
