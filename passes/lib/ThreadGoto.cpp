//===- ThreadGoto.cpp - computed gotos jump through addresses again -------===//
//
// ComputedGotoPass made labels small integers so that one stored in memory
// means the same on every ISA.  Once per ISA, the switch on such a number
// becomes a load from a native table of addresses and an indirectbr, which
// code generation duplicates into the places it is reached from, as it does
// for the original program.  Resume functions keep the compact switch.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PatternMatch.h"

using namespace llvm;

namespace popcorn {

// The usual `goto *labels[i]`: the index into a constant table of labels, whose
// numbers are then appended to Numbers; else null.
static Value *labelIndex(Value *Label, SmallVectorImpl<uint64_t> &Numbers) {
  while (isa<PtrToIntInst>(Label) || isa<TruncInst>(Label))
    Label = cast<Instruction>(Label)->getOperand(0);
  auto *Load = dyn_cast<LoadInst>(Label);
  auto *GEP =
      Load ? dyn_cast<GetElementPtrInst>(Load->getPointerOperand()) : nullptr;
  auto *Table =
      GEP ? dyn_cast<GlobalVariable>(GEP->getPointerOperand()) : nullptr;
  if (!Table || !Load->isSimple() || !Table->isConstant() ||
      !Table->hasDefinitiveInitializer() || GEP->getNumIndices() != 2 ||
      GEP->getSourceElementType() != Table->getValueType() ||
      !match(GEP->getOperand(1), PatternMatch::m_Zero()))
    return nullptr;
  auto *Labels = dyn_cast<ConstantArray>(Table->getInitializer());
  if (!Labels || Labels->getType()->getElementType() != Load->getType())
    return nullptr;
  for (Value *Element : Labels->operands()) {
    ConstantInt *Number = nullptr;
    if (auto *CE = dyn_cast<ConstantExpr>(Element))
      if (CE->getOpcode() == Instruction::IntToPtr)
        Number = dyn_cast<ConstantInt>(CE->getOperand(0));
    if (!Number)
      return nullptr;
    Numbers.push_back(Number->getZExtValue());
  }
  return GEP->getOperand(2);
}

static void threadSwitch(SwitchInst &SI, Module &M) {
  Function &F = *SI.getFunction();
  LLVMContext &C = M.getContext();
  Type *Ptr = PointerType::getUnqual(C);
  uint64_t Last = 0;
  for (auto &Case : SI.cases())
    Last = std::max(Last, Case.getCaseValue()->getZExtValue());

  // Numbers no label has are undefined behaviour; any target will do.
  SmallVector<Constant *, 64> Targets(
      Last + 1, BlockAddress::get(&F, SI.case_begin()->getCaseSuccessor()));
  SmallSetVector<BasicBlock *, 32> Blocks;
  for (auto &Case : SI.cases()) {
    Targets[Case.getCaseValue()->getZExtValue()] =
        BlockAddress::get(&F, Case.getCaseSuccessor());
    if (!Blocks.insert(Case.getCaseSuccessor()))
      return; // several edges to one block carry several PHI entries
  }
  if (Blocks.contains(SI.getDefaultDest()))
    return;

  // Two look-ups become one where the label came straight from a table.
  IRBuilder<> B(&SI);
  SmallVector<uint64_t, 64> Numbers;
  Value *Index = labelIndex(SI.getCondition(), Numbers);
  if (Index) {
    SmallVector<Constant *, 64> Direct;
    for (uint64_t Number : Numbers)
      Direct.push_back(Targets[Number <= Last ? Number : 0]);
    Targets = std::move(Direct);
  } else {
    Index = SI.getCondition();
  }
  Index = B.CreateZExtOrTrunc(Index, B.getInt64Ty());

  auto *TableTy = ArrayType::get(Ptr, Targets.size());
  auto *Table = new GlobalVariable(
      M, TableTy, true, GlobalValue::InternalLinkage,
      ConstantArray::get(TableTy, Targets), F.getName() + ".goto");
  Table->setSection(".popcorn.native.goto");
  Table->setDSOLocal(true);

  Value *Target = B.CreateLoad(
      Ptr, B.CreateInBoundsGEP(TableTy, Table, {B.getInt64(0), Index}));
  IndirectBrInst *Jump = B.CreateIndirectBr(Target, Blocks.size());
  for (BasicBlock *BB : Blocks)
    Jump->addDestination(BB);
  SI.getDefaultDest()->removePredecessor(SI.getParent());
  SI.eraseFromParent();
}

PreservedAnalyses ThreadGotoPass::run(Module &M, ModuleAnalysisManager &) {
  for (Function &F : M) {
    if (F.hasOptNone() || F.hasFnAttribute(Attribute::MinSize))
      continue;
    SmallVector<SwitchInst *, 2> Switches;
    for (BasicBlock &BB : F)
      if (auto *SI = dyn_cast<SwitchInst>(BB.getTerminator()))
        if (SI->getMetadata("popcorn.goto") && SI->getNumCases() &&
            isa<UnreachableInst>(SI->getDefaultDest()->getFirstNonPHIOrDbg()))
          Switches.push_back(SI);
    for (SwitchInst *SI : Switches)
      threadSwitch(*SI, M);
  }
  return PreservedAnalyses::none();
}

} // namespace popcorn
