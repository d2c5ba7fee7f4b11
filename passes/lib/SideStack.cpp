//===- SideStack.cpp - locals others may see leave the machine stack -----===//
//
// The side stack is a second stack per thread in portable memory; its pointer
// is the thread-local __popcorn_side_sp.  Its addresses are the same on every
// node, so no pointer is ever rewritten.
//
// What moves there: in a function with sites, every local that is still in
// memory; in any other, those whose address escapes.  Dynamic allocas always
// go there, and llvm.stacksave/stackrestore then save that pointer.
//
// On exit: the machine stack holds no object whose address escapes, and in a
// function with sites none that lives across one.  The pointer is restored
// before each return (before the call, where a tail call precedes it) and
// where a longjmp lands.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "popcorn/Runtime.h"
#include "llvm/Analysis/CaptureTracking.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace popcorn {

namespace {

const Align StackAlign(16);

class SideStack {
  Function &F;
  const DataLayout &DL;
  Runtime &RT;
  Type *I8, *I64, *Ptr;
  bool HasSites = false;
  SmallVector<AllocaInst *, 8> Static, Dynamic;
  SmallVector<IntrinsicInst *, 4> Saves, Restores;
  SmallVector<Instruction *, 8> Exits; // rets and what re-enters below a call
  SmallVector<CallInst *, 2> Landings; // __popcorn_caught

  Value *pointer(IRBuilder<> &B) {
    return B.CreateThreadLocalAddress(RT.sideStackPointer());
  }
  Value *load(IRBuilder<> &B) {
    return B.CreateAlignedLoad(Ptr, pointer(B), Align(8), "side.sp");
  }
  void store(IRBuilder<> &B, Value *SP) {
    B.CreateAlignedStore(SP, pointer(B), Align(8));
  }

  bool moves(const AllocaInst &A) const {
    return HasSites || PointerMayBeCaptured(&A, /*ReturnCaptures=*/true,
                                            /*StoreCaptures=*/true);
  }

  void collect() {
    for (Instruction &I : instructions(F)) {
      if (auto *CB = dyn_cast<CallBase>(&I))
        HasSites |= CB->hasFnAttr(MayMigrateAttr);
    }
    for (Instruction &I : instructions(F)) {
      if (auto *A = dyn_cast<AllocaInst>(&I)) {
        if (!A->isStaticAlloca())
          Dynamic.push_back(A);
        else if (moves(*A))
          Static.push_back(A);
      } else if (auto *II = dyn_cast<IntrinsicInst>(&I)) {
        if (II->getIntrinsicID() == Intrinsic::stacksave)
          Saves.push_back(II);
        else if (II->getIntrinsicID() == Intrinsic::stackrestore)
          Restores.push_back(II);
      } else if (auto *Call = dyn_cast<CallInst>(&I)) {
        const Function *Callee = Call->getCalledFunction();
        if (Callee && Callee->getName() == "__popcorn_caught")
          Landings.push_back(Call);
      } else if (isa<ReturnInst>(&I)) {
        Exits.push_back(&I);
      }
    }
  }

  static void dropLifetimes(AllocaInst &A) {
    SmallVector<Instruction *, 4> Dead;
    SmallVector<Value *, 4> Work{&A};
    while (!Work.empty())
      for (User *U : Work.pop_back_val()->users())
        if (auto *II = dyn_cast<IntrinsicInst>(U)) {
          if (II->isLifetimeStartOrEnd())
            Dead.push_back(II);
        }
    for (Instruction *I : Dead)
      I->eraseFromParent();
  }

  // A debugger finds a variable by the pointer Base itself: an address computed
  // from it may be folded into what uses it.  Without optimisation it is kept
  // in a place of its own, Home, because only of such a place all of FastISel,
  // SelectionDAG and GlobalISel know the way; with it, registers are tracked.
  // (There, a value as a list of one: of another's expression LLVM 19 applies
  // the offset before it reloads what was spilled.)
  void describe(AllocaInst &A, Value *Base, AllocaInst *Home, int64_t Offset) {
    for (DbgVariableRecord *Declare : findDVRDeclares(&A)) {
      const DIExpression *E = Declare->getExpression();
      if (Home) {
        Declare->setExpression(
            DIExpression::prepend(E, DIExpression::DerefBefore, Offset));
        Declare->replaceVariableLocationOp(&A, Home);
        continue;
      }
      E = DIExpression::convertToVariadicExpression(
          DIExpression::prepend(E, DIExpression::DerefAfter, Offset));
      Declare->setExpression(const_cast<DIExpression *>(E));
      Declare->setRawLocation(
          DIArgList::get(F.getContext(), ValueAsMetadata::get(Base)));
      Declare->Type = DbgVariableRecord::LocationType::Value;
    }
  }

  AllocaInst *debugHome(IRBuilder<> &B, Value *Base) {
    if (!F.hasOptNone() || !F.getSubprogram())
      return nullptr;
    IRBuilder<> Entry(&F.getEntryBlock().front());
    AllocaInst *Home = Entry.CreateAlloca(Ptr, nullptr, "side.home");
    B.CreateStore(Base, Home);
    return Home;
  }

  // Where the stack pointer goes back: before a tail call that only the
  // return follows, so that it stays one.
  static Instruction *restorePoint(Instruction *Exit) {
    auto *Call = dyn_cast_or_null<CallInst>(Exit->getPrevNonDebugInstruction());
    if (Call && Call->isTailCall() && !isa<IntrinsicInst>(Call))
      return Call;
    return Exit;
  }

public:
  SideStack(Function &F, Runtime &RT)
      : F(F), DL(F.getParent()->getDataLayout()), RT(RT),
        I8(Type::getInt8Ty(F.getContext())),
        I64(Type::getInt64Ty(F.getContext())),
        Ptr(PointerType::getUnqual(F.getContext())) {}

  bool run() {
    collect();
    if (Static.empty() && Dynamic.empty() && Saves.empty())
      return false;

    // Largest alignment first packs without holes.
    stable_sort(Static, [](AllocaInst *A, AllocaInst *B) {
      return A->getAlign() > B->getAlign();
    });
    Align FrameAlign = StackAlign;
    uint64_t Size = 0;
    DenseMap<AllocaInst *, uint64_t> Offset;
    for (AllocaInst *A : Static) {
      FrameAlign = std::max(FrameAlign, A->getAlign());
      Size = alignTo(Size, A->getAlign());
      Offset[A] = Size;
      Size += std::max<uint64_t>(1, A->getAllocationSize(DL)->getFixedValue());
    }
    // The pointer after dynamic allocas, for a longjmp that lands here.
    bool NeedTop = !Landings.empty() && !Dynamic.empty();
    uint64_t TopOffset = 0;
    if (NeedTop) {
      Size = alignTo(Size, 8);
      TopOffset = Size;
      Size += 8;
    }
    Size = alignTo(Size, StackAlign);

    IRBuilder<> B(&*F.getEntryBlock().getFirstNonPHIOrDbg());
    if (F.getSubprogram())
      B.SetCurrentDebugLocation(
          DILocation::get(F.getContext(), 0, 0, F.getSubprogram()));
    Value *Old = load(B), *Frame = Old;
    bool Realigned = FrameAlign > StackAlign;
    if (Size) {
      Frame = B.CreateInBoundsGEP(I8, Old, B.getInt64(-(int64_t)Size),
                                  "side.frame");
      if (Realigned)
        Frame =
            B.CreateIntrinsic(Intrinsic::ptrmask, {Ptr, I64},
                              {Frame, B.getInt64(-(int64_t)FrameAlign.value())},
                              nullptr, "side.frame");
      store(B, Frame);
    }
    Value *Top = nullptr;
    if (NeedTop) {
      Top = B.CreateInBoundsGEP(I8, Frame, B.getInt64(TopOffset), "side.top");
      B.CreateStore(Frame, Top);
    }

    Value *Base = Realigned ? Frame : Old;
    AllocaInst *Home = Static.empty() ? nullptr : debugHome(B, Base);
    for (AllocaInst *A : Static) {
      dropLifetimes(*A);
      describe(*A, Base, Home,
               (int64_t)Offset[A] - (Realigned ? 0 : (int64_t)Size));
      Value *New = Frame;
      if (uint64_t Off = Offset[A])
        New = B.CreateInBoundsGEP(I8, Frame, B.getInt64(Off));
      if (isa<Instruction>(New) && !New->hasName())
        New->takeName(A);
      A->replaceAllUsesWith(New);
    }
    // Not before: the builder stands at the first of them.
    for (AllocaInst *A : Static)
      A->eraseFromParent();
    for (AllocaInst *A : Dynamic) {
      dropLifetimes(*A);
      IRBuilder<> D(A);
      Value *Bytes =
          D.CreateMul(D.CreateZExtOrTrunc(A->getArraySize(), I64),
                      D.getInt64(DL.getTypeAllocSize(A->getAllocatedType())));
      Value *SP = D.CreateGEP(I8, load(D), D.CreateNeg(Bytes));
      Align DynAlign = std::max(StackAlign, A->getAlign());
      Value *New =
          D.CreateIntrinsic(Intrinsic::ptrmask, {Ptr, I64},
                            {SP, D.getInt64(-(int64_t)DynAlign.value())});
      store(D, New);
      if (Top)
        D.CreateStore(New, Top);
      New->takeName(A);
      describe(*A, New, debugHome(D, New), 0);
      A->replaceAllUsesWith(New);
      A->eraseFromParent();
    }
    for (IntrinsicInst *II : Saves) {
      IRBuilder<> D(II);
      Value *SP = load(D);
      II->replaceAllUsesWith(SP);
      II->eraseFromParent();
    }
    for (IntrinsicInst *II : Restores) {
      IRBuilder<> D(II);
      store(D, II->getArgOperand(0));
      if (Top)
        D.CreateStore(II->getArgOperand(0), Top);
      II->eraseFromParent();
    }
    for (CallInst *Call : Landings) {
      // Harmless where nothing was caught: the unwinding goes on.
      IRBuilder<> D(Call->getNextNode());
      store(D, Top ? (Value *)D.CreateLoad(Ptr, Top) : Frame);
    }
    if (Size || !Dynamic.empty())
      for (Instruction *Exit : Exits) {
        IRBuilder<> D(restorePoint(Exit));
        // From the frame, so that only one of the two lives across sites.
        Value *Back = Old;
        if (!Realigned && Size)
          Back = D.CreateInBoundsGEP(I8, Frame, D.getInt64(Size));
        store(D, Back);
      }
    return true;
  }
};

} // namespace

PreservedAnalyses SideStackPass::run(Module &M, ModuleAnalysisManager &) {
  Runtime RT(M);
  for (Function &F : M)
    if (!F.isDeclaration())
      SideStack(F, RT).run();
  return PreservedAnalyses::none();
}

} // namespace popcorn
