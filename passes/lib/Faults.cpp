//===- Faults.cpp - jumps out of the handler of a fault ------------------===//
//
// A program may handle SIGSEGV, SIGFPE and the like and longjmp from there into
// the very function that faulted.  State exists at calls only, so there what
// may fault becomes a call:
//
//     x = load p      =>      x = call @popcorn.faults(p)
//
// and gets a pad as any other call that a jump may leave.  All of this is for
// programs that install a handler for such a signal, or for one that is not
// known before it runs.
//
// What may fault: accesses to memory that is not known to be there, divisions
// by what may be zero or -1, traps.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Faults.h"
#include "popcorn/Passes.h"

#include "llvm/Analysis/Loads.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

/// libc's functions that install a handler; the first argument is the signal.
static const char *const Installers[] = {"__libc_sigaction", "__sigaction",
                                         "sigaction", "signal", "sigset"};

static bool isInstaller(const Function &F) {
  return is_contained(Installers, F.getName());
}

/// By its number in the portable machine: ILL, TRAP, BUS, FPE, SEGV.
static bool mayBeFault(const Value &Signal) {
  auto *Number = dyn_cast<ConstantInt>(&Signal);
  return !Number || is_contained({4, 5, 7, 8, 11}, Number->getSExtValue());
}

/// Does a use of an installer or of an alias of it handle faults?
static bool handlesFaults(const Value &Installer) {
  return any_of(Installer.uses(), [](const Use &U) {
    if (isa<GlobalAlias>(U.getUser()))
      return handlesFaults(*U.getUser());
    auto *Call = dyn_cast<CallBase>(U.getUser());
    if (!Call || !Call->isCallee(&U) || !Call->arg_size())
      return true;
    return !isInstaller(*Call->getFunction()) &&
           mayBeFault(*Call->getArgOperand(0));
  });
}

bool popcorn::handlesFaults(const Module &M) {
  return any_of(M, [](const Function &F) {
    return isInstaller(F) && ::handlesFaults(F);
  });
}

/// A constant is there, but not to be written to.
static bool isConstant(const Value *At) {
  auto *G = dyn_cast<GlobalVariable>(getUnderlyingObject(At));
  return G && G->isConstant();
}

static bool mayFault(Instruction &I, const DataLayout &DL) {
  if (const Value *At = getLoadStorePointerOperand(&I))
    return !isDereferenceableAndAlignedPointer(At, getLoadStoreType(&I),
                                               Align(1), DL) ||
           (isa<StoreInst>(I) && isConstant(At));
  switch (I.getOpcode()) {
  case Instruction::AtomicRMW:
  case Instruction::AtomicCmpXchg:
    return true;
  case Instruction::SDiv:
  case Instruction::UDiv:
  case Instruction::SRem:
  case Instruction::URem: {
    auto *By = dyn_cast<ConstantInt>(I.getOperand(1));
    return !By || By->isZero() || By->isMinusOne();
  }
  default:
    break;
  }
  if (isa<MemIntrinsic>(I))
    return true;
  auto *II = dyn_cast<IntrinsicInst>(&I);
  return II && (II->getIntrinsicID() == Intrinsic::trap ||
                II->getIntrinsicID() == Intrinsic::debugtrap ||
                II->getIntrinsicID() == Intrinsic::ubsantrap);
}

/// Operands that may be passed: not the callee, nor what has to be a constant.
static SmallVector<Use *> passedOperands(Instruction &I) {
  SmallVector<Use *> Passed;
  auto *Call = dyn_cast<CallBase>(&I);
  for (Use &U : I.operands())
    if (!Call ||
        (Call->isArgOperand(&U) &&
         !Call->paramHasAttr(Call->getArgOperandNo(&U), Attribute::ImmArg)))
      Passed.push_back(&U);
  return Passed;
}

/// A function of the operands of \p I that does what \p I does.
static Function *makeOutlined(Instruction &I) {
  Module &M = *I.getModule();
  LLVMContext &C = M.getContext();
  SmallVector<Type *> Types;
  for (Use *U : passedOperands(I))
    Types.push_back((*U)->getType());
  auto *F = Function::Create(FunctionType::get(I.getType(), Types, false),
                             Function::InternalLinkage, "popcorn.faults", M);
  F->addFnAttr(Attribute::NoInline);
  F->addFnAttr(popcorn::NoPollAttr);
  F->setUWTableKind(UWTableKind::Async);
  F->setDSOLocal(true);

  IRBuilder<> B(BasicBlock::Create(C, "entry", F));
  Instruction *Copy = I.clone();
  Copy->dropUnknownNonDebugMetadata();
  Copy->setDebugLoc(DebugLoc());
  SmallVector<Use *> Operands = passedOperands(*Copy);
  for (unsigned N = 0; N < Operands.size(); ++N)
    Operands[N]->set(F->getArg(N));
  B.Insert(Copy);
  if (I.getType()->isVoidTy())
    B.CreateRetVoid();
  else
    B.CreateRet(Copy);
  return F;
}

Function *popcorn::FaultOutliner::outlined(Instruction &I) {
  // Intrinsics have attributes and constants of their own.
  if (!isa<CallBase>(I))
    for (auto &[Like, F] : Outlined)
      if (Like->isSameOperationAs(&I))
        return F;
  Function *F = makeOutlined(I);
  Outlined.emplace_back(&F->getEntryBlock().front(), F);
  return F;
}

void popcorn::FaultOutliner::run(BasicBlock &BB) {
  const DataLayout &DL = BB.getModule()->getDataLayout();
  for (Instruction &I : make_early_inc_range(BB)) {
    if (!mayFault(I, DL))
      continue;
    IRBuilder<> B(&I);
    SmallVector<Value *> Arguments;
    for (Use *U : passedOperands(I))
      Arguments.push_back(*U);
    CallInst *Call = B.CreateCall(outlined(I), Arguments);
    Call->takeName(&I);
    I.replaceAllUsesWith(Call);
    I.eraseFromParent();
  }
}
