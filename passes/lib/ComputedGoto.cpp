//===- ComputedGoto.cpp - labels as values become small integers ---------===//
//
// GNU C's &&label is a machine-code address.  Stored in memory, it would be
// of one ISA.  So the address-taken blocks of a function are numbered from 1
// in the order of its blocks, &&label is that number, and `goto *` switches
// over it.  Differences of labels, in tables of offsets, stay right because
// they are differences of the numbers.
//
// Indirect gotos with the same targets share one switch.  It carries the
// metadata !popcorn.goto, from which the per-ISA stage may make a threaded
// dispatch again: it is dense, and its default cannot be reached.
//
// Invariant on exit: the module has no blockaddress and no indirectbr.
//
// Out of scope: callbr (asm goto), which CheckPass refuses.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

#include <map>

using namespace llvm;

namespace {

/// The address-taken blocks of one function and the numbers they got.
using LabelNumbers = DenseMap<BasicBlock *, uint64_t>;
using TargetSet = std::vector<BasicBlock *>;

} // namespace

static LabelNumbers numberLabels(Function &F) {
  LabelNumbers Numbers;
  Type *Word = Type::getInt64Ty(F.getContext());
  uint64_t Next = 1;
  for (BasicBlock &BB : F) {
    if (!BB.hasAddressTaken())
      continue;
    BlockAddress *Address = BlockAddress::lookup(&BB);
    if (!Address)
      continue;
    Numbers[&BB] = Next;
    Address->replaceAllUsesWith(ConstantExpr::getIntToPtr(
        ConstantInt::get(Word, Next), Address->getType()));
    Address->destroyConstant();
    ++Next;
  }
  return Numbers;
}

static TargetSet targetsOf(IndirectBrInst &Goto) {
  SetVector<BasicBlock *> Set;
  for (BasicBlock *Target : Goto.successors())
    Set.insert(Target);
  return TargetSet(Set.begin(), Set.end());
}

/// A PHI has one entry per edge; \p Block keeps one edge to each target.
static void dropDuplicateEdges(IndirectBrInst &Goto) {
  SmallPtrSet<BasicBlock *, 8> Seen;
  for (BasicBlock *Target : Goto.successors())
    if (!Seen.insert(Target).second)
      Target->removePredecessor(Goto.getParent(), /*KeepOneInputPHIs=*/true);
}

/// Joins the edges of \p Gotos to \p Target in \p Dispatch.
static void mergePHIs(ArrayRef<IndirectBrInst *> Gotos, BasicBlock *Dispatch,
                      BasicBlock *Target) {
  for (PHINode &Phi : Target->phis()) {
    auto *Merged = PHINode::Create(Phi.getType(), Gotos.size(), Phi.getName(),
                                   Dispatch->begin());
    for (IndirectBrInst *Goto : Gotos) {
      BasicBlock *From = Goto->getParent();
      Merged->addIncoming(Phi.getIncomingValueForBlock(From), From);
      Phi.removeIncomingValue(From, /*DeletePHIIfEmpty=*/false);
    }
    Phi.addIncoming(Merged, Dispatch);
  }
}

static void makeSwitch(IRBuilder<> &Builder, Value *Label,
                       const TargetSet &Targets, const LabelNumbers &Numbers,
                       BasicBlock *Unreachable) {
  SwitchInst *Switch = Builder.CreateSwitch(Label, Unreachable, Targets.size());
  for (BasicBlock *Target : Targets)
    if (uint64_t Number = Numbers.lookup(Target))
      Switch->addCase(Builder.getInt64(Number), Target);
    else // nobody has its address
      Target->removePredecessor(Builder.GetInsertBlock());
  Switch->setMetadata("popcorn.goto", MDNode::get(Builder.getContext(), {}));
}

static void lowerGotos(ArrayRef<IndirectBrInst *> Gotos,
                       const TargetSet &Targets, const LabelNumbers &Numbers,
                       BasicBlock *Unreachable) {
  IRBuilder<> Builder(Gotos.front());
  Type *Word = Builder.getInt64Ty();
  for (IndirectBrInst *Goto : Gotos)
    dropDuplicateEdges(*Goto);
  if (Gotos.size() == 1) {
    Value *Label = Builder.CreatePtrToInt(Gotos[0]->getAddress(), Word);
    makeSwitch(Builder, Label, Targets, Numbers, Unreachable);
    Gotos[0]->eraseFromParent();
    return;
  }

  Function *F = Gotos[0]->getFunction();
  auto *Dispatch =
      BasicBlock::Create(F->getContext(), "goto.dispatch", F, Unreachable);
  auto *Label = PHINode::Create(Word, Gotos.size(), "label", Dispatch);
  for (BasicBlock *Target : Targets)
    mergePHIs(Gotos, Dispatch, Target);
  for (IndirectBrInst *Goto : Gotos) {
    Builder.SetInsertPoint(Goto);
    Label->addIncoming(Builder.CreatePtrToInt(Goto->getAddress(), Word),
                       Goto->getParent());
    Builder.CreateBr(Dispatch);
  }
  Builder.SetInsertPoint(Dispatch);
  Builder.SetCurrentDebugLocation(Gotos[0]->getDebugLoc());
  makeSwitch(Builder, Label, Targets, Numbers, Unreachable);
  for (IndirectBrInst *Goto : Gotos)
    Goto->eraseFromParent();
}

static bool lowerFunction(Function &F) {
  LabelNumbers Numbers = numberLabels(F);
  MapVector<TargetSet, SmallVector<IndirectBrInst *>,
            std::map<TargetSet, unsigned>>
      Groups;
  for (BasicBlock &BB : F)
    if (auto *Goto = dyn_cast<IndirectBrInst>(BB.getTerminator())) {
      TargetSet Key = targetsOf(*Goto);
      llvm::sort(Key);
      Groups[Key].push_back(Goto);
    }
  if (Groups.empty())
    return !Numbers.empty();

  auto *Unreachable =
      BasicBlock::Create(F.getContext(), "goto.unreachable", &F);
  new UnreachableInst(F.getContext(), Unreachable);
  for (auto &[Key, Gotos] : Groups) {
    // In the order of the numbers, not of addresses in memory.
    TargetSet Targets = targetsOf(*Gotos.front());
    llvm::sort(Targets, [&](BasicBlock *A, BasicBlock *B) {
      return Numbers.lookup(A) < Numbers.lookup(B);
    });
    lowerGotos(Gotos, Targets, Numbers, Unreachable);
  }
  return true;
}

PreservedAnalyses popcorn::ComputedGotoPass::run(Module &M,
                                                 ModuleAnalysisManager &) {
  bool Changed = false;
  for (Function &F : M)
    if (!F.isDeclaration())
      Changed |= lowerFunction(F);
  return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
