//===- SetJmp.cpp - setjmp becomes a label, longjmp an unwinding ---------===//
//
// A jmp_buf of registers would be of one ISA.  Ours holds two words: the
// *activation*, an object of the function that called setjmp, whose address
// stands for this very activation of it, and the *label*, the number (from 1)
// of the setjmp call in it.  longjmp unwinds; each landing pad on the way asks
// whether the jump is for its activation, and goes to the label if so.
//
// In a function with setjmp calls,
//
//     r = setjmp(buf);              call @__popcorn_setjmp(buf, act, k, mask)
//                            =>     r.k = 0
//                              label.k: r = r.k
//
// and every call that a setjmp can precede becomes
//
//     invoke f() to label %next unwind label %pad
//   pad:                     ; one per invoke, one predecessor
//     %lp = landingpad { ptr, i32 } cleanup
//     %l = call i32 @__popcorn_caught(ptr %activation)
//     switch i32 %l, label %resume [ i32 k, label %jumped.k ... ]
//   resume:  resume { ptr, i32 } %lp
//   jumped.k: r.k = __popcorn_jump_value(); goto label.k
//
// Pads call nothing before __popcorn_caught: FramesPass prepends its test.
//
// Values that live across blocks are in memory while edges are added and are
// put back into registers then.  That is right whatever optimiser ran before,
// for the jump is an ordinary edge now: a value of before the call at which
// the jump begins.  So even locals that are not volatile keep theirs.
//
// In a program that handles faults, what may fault is such a call, too
// (Faults.cpp), and every function may be left.
//
// Every function that a jump may pass must let unwinding through: `nounwind`
// and what follows from it go from all that can reach a longjmp, and from the
// calls of them, and all get unwind tables.
//
// Invariant on exit: nothing calls a function of the setjmp family.
//
// Out of scope: setjmp through a pointer (an error); vfork and other
// functions that return twice by themselves.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Faults.h"
#include "popcorn/Passes.h"
#include "popcorn/Runtime.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/PromoteMemToReg.h"

using namespace llvm;

static const char *const SetJmpNames[] = {"setjmp", "_setjmp", "sigsetjmp",
                                          "__sigsetjmp"};

/// Native functions of the run time at which a jump may begin: a signal's
/// handler runs at polls and at the end of system calls.
static const char *const JumpingNatives[] = {
    "__popcorn_poll", "__popcorn_syscall", "__popcorn_longjmp"};

static bool isSetJmp(const Function &F) {
  return is_contained(SetJmpNames, F.getName());
}

/// Can a call of it end in a longjmp?  With \p Faults, out of a fault in it.
static bool mayJump(const CallBase &Call, bool Faults) {
  if (Call.isInlineAsm() || isa<IntrinsicInst>(Call))
    return false;
  const auto *F = dyn_cast<Function>(
      Call.getCalledOperand()->stripPointerCastsAndAliases());
  if (!F || !F->isDeclaration())
    return true;
  StringRef Name = F->getName();
  if (isSetJmp(*F) || is_contained(JumpingNatives, Name))
    return !isSetJmp(*F);
  if (Name.starts_with("__popcorn_"))
    return false;
  for (const char *String : {"mem", "str", "stp", "wmem", "wcs"})
    if (Name.starts_with(String))
      return Faults;
  return true;
}

namespace {

struct Label {
  AllocaInst *Result;
  BasicBlock *Block; // begins with the load of Result
};

/// Lowers the setjmp calls of one function.
class SetJmpLowering {
  Function &F;
  popcorn::Runtime Run;
  popcorn::FaultOutliner *Outliner; // null: faults are not handled
  FunctionCallee SetJmp, JumpValue;
  AllocaInst *Activation;
  SmallVector<Label> Labels;
  SmallVector<AllocaInst *> Slots;
  SmallVector<BasicBlock *> Jumped;

public:
  SetJmpLowering(Function &F, popcorn::FaultOutliner *Outliner);
  void run(ArrayRef<CallInst *> Calls);

private:
  void makeLabel(CallInst &Call);
  void demoteValues();
  void makeJumped();
  void makePad(CallInst &Call);
  SmallVector<CallInst *> jumpingCalls();
};

} // namespace

SetJmpLowering::SetJmpLowering(Function &F, popcorn::FaultOutliner *Outliner)
    : F(F), Run(*F.getParent()), Outliner(Outliner) {
  Module &M = *F.getParent();
  IRBuilder<> B(&*F.getEntryBlock().getFirstInsertionPt());
  SetJmp =
      M.getOrInsertFunction("__popcorn_setjmp", B.getVoidTy(), B.getPtrTy(),
                            B.getPtrTy(), B.getInt32Ty(), B.getInt32Ty());
  JumpValue = M.getOrInsertFunction("__popcorn_jump_value", B.getInt32Ty());
  Activation = B.CreateAlloca(B.getInt64Ty(), nullptr, "activation");
}

void SetJmpLowering::makeLabel(CallInst &Call) {
  unsigned Number = Labels.size() + 1;
  IRBuilder<> Entry(&*F.getEntryBlock().getFirstInsertionPt());
  AllocaInst *Result =
      Entry.CreateAlloca(Entry.getInt32Ty(), nullptr, "jump.result");
  Slots.push_back(Result);

  bool HasMask = Call.getCalledFunction()->getName().contains("sigsetjmp");
  IRBuilder<> B(&Call);
  Value *Mask = HasMask && Call.arg_size() > 1
                    ? B.CreateIntCast(Call.getArgOperand(1), B.getInt32Ty(),
                                      /*isSigned=*/true)
                    : B.getInt32(0);
  B.CreateCall(SetJmp,
               {Call.getArgOperand(0), Activation, B.getInt32(Number), Mask});
  B.CreateStore(B.getInt32(0), Result);
  BasicBlock *Block = SplitBlock(Call.getParent(), &Call);
  Block->setName("label");
  B.SetInsertPoint(&Call);
  LoadInst *Value = B.CreateLoad(B.getInt32Ty(), Result);
  Call.replaceAllUsesWith(Value);
  Call.eraseFromParent();
  Labels.push_back({Result, Block});
}

/// No value but addresses of locals lives from one block to another.
void SetJmpLowering::demoteValues() {
  BasicBlock::iterator At = F.getEntryBlock().getFirstInsertionPt();
  SmallVector<PHINode *> Phis;
  for (BasicBlock &BB : F)
    for (PHINode &Phi : BB.phis())
      Phis.push_back(&Phi);
  for (PHINode *Phi : Phis)
    if (AllocaInst *Slot = DemotePHIToStack(Phi, At))
      Slots.push_back(Slot);

  SmallVector<Instruction *> Values;
  for (Instruction &I : instructions(F)) {
    auto *Alloca = dyn_cast<AllocaInst>(&I);
    if (Alloca && Alloca->isStaticAlloca())
      continue;
    if (!I.getType()->isVoidTy() && !I.getType()->isTokenTy() &&
        I.isUsedOutsideOfBlock(I.getParent()))
      Values.push_back(&I);
  }
  for (Instruction *I : Values)
    if (AllocaInst *Slot = DemoteRegToStack(*I, /*VolatileLoads=*/false, At))
      Slots.push_back(Slot);
}

/// The calls that a setjmp can precede and a jump can leave.
SmallVector<CallInst *> SetJmpLowering::jumpingCalls() {
  SmallPtrSet<BasicBlock *, 32> Reached;
  SmallVector<BasicBlock *> Work;
  for (const Label &L : Labels)
    Work.push_back(L.Block);
  while (!Work.empty()) {
    BasicBlock *BB = Work.pop_back_val();
    if (Reached.insert(BB).second)
      append_range(Work, successors(BB));
  }
  SmallVector<CallInst *> Calls;
  for (BasicBlock &BB : F) { // in the function's order, not the set's
    if (!Reached.contains(&BB))
      continue;
    if (Outliner)
      Outliner->run(BB);
    for (Instruction &I : BB)
      if (auto *Call = dyn_cast<CallInst>(&I); Call && mayJump(*Call, Outliner))
        Calls.push_back(Call);
  }
  return Calls;
}

void SetJmpLowering::makeJumped() {
  for (const Label &L : Labels) {
    auto *BB = BasicBlock::Create(F.getContext(), "jumped", &F);
    IRBuilder<> B(BB);
    B.SetCurrentDebugLocation(L.Block->front().getDebugLoc());
    B.CreateStore(B.CreateCall(JumpValue), L.Result);
    B.CreateBr(L.Block);
    Jumped.push_back(BB);
  }
}

void SetJmpLowering::makePad(CallInst &Call) {
  LLVMContext &C = F.getContext();
  DebugLoc Loc = Call.getDebugLoc();
  auto *Pad = BasicBlock::Create(C, "jump.pad", &F);
  auto *Resume = BasicBlock::Create(C, "jump.resume", &F);
  IRBuilder<> B(Pad);
  B.SetCurrentDebugLocation(Loc);
  LandingPadInst *Landing = B.CreateLandingPad(
      StructType::get(B.getPtrTy(), B.getInt32Ty()), 0, "landing");
  Landing->setCleanup(true);
  Value *Caught = B.CreateCall(Run.caught(), {Activation}, "caught");
  SwitchInst *Switch = B.CreateSwitch(Caught, Resume, Jumped.size());
  for (unsigned I = 0; I < Jumped.size(); ++I)
    Switch->addCase(B.getInt32(I + 1), Jumped[I]);
  B.SetInsertPoint(Resume);
  B.CreateResume(Landing);

  Call.setTailCallKind(CallInst::TCK_None);
  Call.removeFnAttr(Attribute::NoUnwind);
  changeToInvokeAndSplitBasicBlock(&Call, Pad);
}

void SetJmpLowering::run(ArrayRef<CallInst *> Calls) {
  for (CallInst *Call : Calls)
    makeLabel(*Call);
  demoteValues();
  makeJumped();
  for (CallInst *Call : jumpingCalls())
    makePad(*Call);
  F.setPersonalityFn(Run.personality());

  DominatorTree DT(F);
  erase_if(Slots, [](AllocaInst *Slot) { return !isAllocaPromotable(Slot); });
  PromoteMemToReg(Slots, DT);
}

/// Functions from which a longjmp can begin or through which it can pass.
static SmallPtrSet<Function *, 32> jumpedThrough(Module &M, bool Faults) {
  SmallPtrSet<Function *, 32> Jumping;
  SmallVector<Function *> Work;
  auto Add = [&](Function &F) {
    if (Jumping.insert(&F).second)
      Work.push_back(&F);
  };
  DenseMap<Function *, SmallVector<Function *>> Callers;
  for (Function &F : M) {
    if (Faults && !F.isDeclaration())
      Add(F);
    for (Instruction &I : instructions(F)) {
      auto *Call = dyn_cast<CallBase>(&I);
      if (!Call || !mayJump(*Call, Faults))
        continue;
      auto *Callee = dyn_cast<Function>(
          Call->getCalledOperand()->stripPointerCastsAndAliases());
      if (Callee && !Callee->isDeclaration())
        Callers[Callee].push_back(&F);
      else
        Add(F);
      if (Callee && Callee->isDeclaration())
        Jumping.insert(Callee);
    }
  }
  while (!Work.empty())
    for (Function *Caller : Callers.lookup(Work.pop_back_val()))
      Add(*Caller);
  return Jumping;
}

/// LLVM shall not conclude that a call always returns.
template <typename FunctionOrCall> static void stripReturns(FunctionOrCall &F) {
  for (auto Kind : {Attribute::NoUnwind, Attribute::WillReturn,
                    Attribute::Memory, Attribute::MustProgress})
    F.removeFnAttr(Kind);
}

static void letUnwindingThrough(Module &M, bool Faults) {
  SmallPtrSet<Function *, 32> Jumping = jumpedThrough(M, Faults);
  for (Function &F : M) {
    if (!F.isDeclaration())
      F.setUWTableKind(UWTableKind::Default);
    if (Jumping.contains(&F))
      stripReturns(F);
    for (Instruction &I : instructions(F)) {
      auto *Call = dyn_cast<CallBase>(&I);
      if (!Call || !mayJump(*Call, Faults))
        continue;
      auto *Callee = dyn_cast<Function>(
          Call->getCalledOperand()->stripPointerCastsAndAliases());
      if (!Callee || Jumping.contains(Callee))
        stripReturns(*Call);
    }
  }
}

/// The setjmp calls by the function they stand in.
static MapVector<Function *, SmallVector<CallInst *>> findCalls(Module &M) {
  SmallPtrSet<CallInst *, 16> All;
  for (Function &F : M) {
    if (!isSetJmp(F))
      continue;
    if (!F.isDeclaration())
      M.getContext().emitError("'" + F.getName() +
                               "' is defined by the program; setjmp is the "
                               "compiler's here");
    for (User *U : F.users()) {
      auto *Call = dyn_cast<CallInst>(U);
      if (Call && Call->getCalledOperand() == &F && Call->arg_size())
        All.insert(Call);
      else
        M.getContext().emitError("'" + F.getName() +
                                 "' is called through a pointer or its address "
                                 "is taken; call it by its name");
    }
  }
  MapVector<Function *, SmallVector<CallInst *>> ByFunction;
  for (Function &F : M)
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallInst>(&I); Call && All.contains(Call))
        ByFunction[&F].push_back(Call);
  return ByFunction;
}

PreservedAnalyses popcorn::SetJmpPass::run(Module &M, ModuleAnalysisManager &) {
  auto ByFunction = findCalls(M);
  if (ByFunction.empty())
    return PreservedAnalyses::all();
  bool Faults = handlesFaults(M);
  letUnwindingThrough(M, Faults);
  FaultOutliner Outliner;
  for (auto &[F, Calls] : ByFunction)
    SetJmpLowering(*F, Faults ? &Outliner : nullptr).run(Calls);
  for (const char *Name : SetJmpNames)
    if (Function *F = M.getFunction(Name); F && F->use_empty())
      F->eraseFromParent();
  return PreservedAnalyses::none();
}
