//===- Variadics.cpp - variadic functions take a pointer instead ---------===//
//
// How a back end passes variadic arguments is its own business, so no back
// end may see any.  `f(T a, ...)` becomes `f(T a, ptr va)`, where va points to
// the *argument area*: the variadic arguments in slots of 8 bytes, an argument
// whose type is aligned to 16 at the next multiple of 16 (its area is aligned
// so, too).  That is what the code reads which clang makes of va_arg for
// riscv64; a va_list is the pointer to the next slot.
//
// A caller has one area, an alloca of its largest call, reused by all calls:
// it is dead as soon as its callee returns.  Some functions (libc's fcntl,
// syscall) read more arguments than they were given, which reads garbage
// registers on real machines, so an area has at least 8 slots; calls without
// any variadic argument share a constant one of zeroes.
//
// va_list's first value passes an empty asm: after inlining, LLVM would take
// a read of a slot that was not written for undefined behaviour.
//
// Invariant on exit: no function and no call is variadic (intrinsics apart),
// and no llvm.va_* and no va_arg is left.
//
// Expects that direct calls have their callee's type (CallsPass).
// Out of scope: an indirect call without `...` of a variadic function.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "popcorn/Runtime.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

static constexpr uint64_t SlotSize = 8;
static constexpr uint64_t AreaAlign = 16;
static constexpr uint64_t AreaMinSize = 8 * SlotSize;

namespace {

class VariadicsLowering {
  Module &M;
  const DataLayout &DL;
  PointerType *Ptr;
  GlobalVariable *NoArguments = nullptr;

public:
  explicit VariadicsLowering(Module &M)
      : M(M), DL(M.getDataLayout()),
        Ptr(PointerType::getUnqual(M.getContext())) {}

  bool run();

private:
  FunctionType *loweredType(FunctionType *Type);
  Function *lowerSignature(Function &F);
  bool lowerLists(Function &F, Argument *VA);
  bool lowerCalls(Function &F, Argument *VA);
  void lowerVAArg(VAArgInst &I);
  uint64_t areaOffset(Type *T, uint64_t Offset);
  uint64_t areaSize(const CallBase &Call);
  void storeArguments(IRBuilder<> &B, CallBase &Call, Value *Area);
  void replaceCall(CallBase &Call, Value *Area);
  Value *noArguments();
};

} // namespace

FunctionType *VariadicsLowering::loweredType(FunctionType *Type) {
  SmallVector<llvm::Type *> Params(Type->params());
  Params.push_back(Ptr);
  return FunctionType::get(Type->getReturnType(), Params, false);
}

/// Where in the area an argument of type \p T begins, the area being filled up
/// to \p Offset.
uint64_t VariadicsLowering::areaOffset(Type *T, uint64_t Offset) {
  uint64_t Align = DL.getABITypeAlign(T).value();
  return alignTo(Offset, std::clamp(Align, SlotSize, AreaAlign));
}

uint64_t VariadicsLowering::areaSize(const CallBase &Call) {
  uint64_t Offset = 0;
  for (unsigned I = Call.getFunctionType()->getNumParams(); I < Call.arg_size();
       ++I) {
    Type *T = Call.getArgOperand(I)->getType();
    Offset = areaOffset(T, Offset) + alignTo(DL.getTypeAllocSize(T), SlotSize);
  }
  return Offset;
}

void VariadicsLowering::storeArguments(IRBuilder<> &B, CallBase &Call,
                                       Value *Area) {
  uint64_t Offset = 0;
  for (unsigned I = Call.getFunctionType()->getNumParams(); I < Call.arg_size();
       ++I) {
    Value *V = Call.getArgOperand(I);
    Type *T = V->getType();
    Offset = areaOffset(T, Offset);
    uint64_t Size = DL.getTypeAllocSize(T);
    // Whole slots: `0` for a null pointer at the end of a list is common.
    if (T->isIntegerTy() && Size <= SlotSize)
      V = Call.paramHasAttr(I, Attribute::SExt)
              ? B.CreateSExt(V, B.getInt64Ty())
              : B.CreateZExt(V, B.getInt64Ty());
    Value *Slot = Area;
    if (Offset)
      Slot = B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), Area, Offset);
    if (Size)
      B.CreateAlignedStore(V, Slot, commonAlignment(Align(AreaAlign), Offset));
    Offset += alignTo(Size, SlotSize);
  }
}

Value *VariadicsLowering::noArguments() {
  if (!NoArguments) {
    auto *T = ArrayType::get(Type::getInt64Ty(M.getContext()),
                             AreaMinSize / SlotSize);
    NoArguments = new GlobalVariable(
        M, T, /*isConstant=*/true, GlobalValue::InternalLinkage,
        Constant::getNullValue(T), "__popcorn_no_arguments");
    NoArguments->setAlignment(Align(AreaAlign));
  }
  return NoArguments;
}

/// The same call with \p Area in the place of its variadic arguments.
void VariadicsLowering::replaceCall(CallBase &Call, Value *Area) {
  FunctionType *Old = Call.getFunctionType();
  SmallVector<Value *> Args;
  SmallVector<AttributeSet> ArgAttrs;
  AttributeList Attrs = Call.getAttributes();
  for (unsigned I = 0; I < Old->getNumParams(); ++I) {
    Args.push_back(Call.getArgOperand(I));
    ArgAttrs.push_back(Attrs.getParamAttrs(I));
  }
  Args.push_back(Area);
  ArgAttrs.push_back(AttributeSet());

  SmallVector<OperandBundleDef, 1> Bundles;
  Call.getOperandBundlesAsDefs(Bundles);
  CallBase *New;
  if (auto *Invoke = dyn_cast<InvokeInst>(&Call)) {
    New = InvokeInst::Create(loweredType(Old), Call.getCalledOperand(),
                             Invoke->getNormalDest(), Invoke->getUnwindDest(),
                             Args, Bundles, "", Call.getIterator());
  } else {
    auto *NewCall = CallInst::Create(loweredType(Old), Call.getCalledOperand(),
                                     Args, Bundles, "", Call.getIterator());
    auto Kind = cast<CallInst>(Call).getTailCallKind();
    // The callee reads the caller's memory: no tail call any more.
    if (Kind == CallInst::TCK_Tail && !isa<Constant>(Area))
      Kind = CallInst::TCK_None;
    NewCall->setTailCallKind(Kind);
    New = NewCall;
  }
  New->setCallingConv(Call.getCallingConv());
  New->setAttributes(AttributeList::get(M.getContext(), Attrs.getFnAttrs(),
                                        Attrs.getRetAttrs(), ArgAttrs)
                         .removeFnAttribute(M.getContext(), Attribute::Memory));
  New->copyMetadata(Call);
  New->takeName(&Call);
  Call.replaceAllUsesWith(New);
  Call.eraseFromParent();
}

bool VariadicsLowering::lowerCalls(Function &F, Argument *VA) {
  SmallVector<CallBase *> Calls;
  uint64_t Size = 0;
  for (Instruction &I : instructions(F)) {
    auto *Call = dyn_cast<CallBase>(&I);
    if (!Call || Call->isInlineAsm() || !Call->getFunctionType()->isVarArg())
      continue;
    if (Call->getCalledFunction() && Call->getCalledFunction()->isIntrinsic())
      continue;
    Calls.push_back(Call);
    if (!Call->isMustTailCall())
      Size = std::max(Size, areaSize(*Call));
  }
  if (Calls.empty())
    return false;

  AllocaInst *Area = nullptr;
  if (Size) {
    Size = std::max(Size, AreaMinSize);
    IRBuilder<> B(&*F.getEntryBlock().getFirstInsertionPt());
    Area =
        B.CreateAlloca(ArrayType::get(B.getInt8Ty(), Size), nullptr, "va.area");
    Area->setAlignment(Align(AreaAlign));
  }
  for (CallBase *Call : Calls) {
    if (Call->isMustTailCall()) { // its `...` is the caller's
      replaceCall(*Call, VA);
      continue;
    }
    if (!areaSize(*Call)) {
      replaceCall(*Call, noArguments());
      continue;
    }
    IRBuilder<> B(Call);
    ConstantInt *Bytes = B.getInt64(Size);
    B.CreateLifetimeStart(Area, Bytes);
    storeArguments(B, *Call, Area);
    if (auto *Invoke = dyn_cast<InvokeInst>(Call)) {
      for (BasicBlock *Next :
           {Invoke->getNormalDest(), Invoke->getUnwindDest()})
        if (Next->getSinglePredecessor()) {
          B.SetInsertPoint(&*Next->getFirstInsertionPt());
          B.CreateLifetimeEnd(Area, Bytes);
        }
    } else {
      B.SetInsertPoint(Call->getNextNode());
      B.CreateLifetimeEnd(Area, Bytes);
    }
    replaceCall(*Call, Area);
  }
  return true;
}

/// clang lowers va_arg for riscv64 itself; hand-written IR may not.
void VariadicsLowering::lowerVAArg(VAArgInst &I) {
  IRBuilder<> B(&I);
  Value *List = I.getPointerOperand();
  Value *Next = B.CreateAlignedLoad(Ptr, List, Align(SlotSize));
  if (DL.getABITypeAlign(I.getType()).value() > SlotSize) {
    Next = B.CreateConstGEP1_64(B.getInt8Ty(), Next, AreaAlign - 1);
    Next = B.CreateIntrinsic(Intrinsic::ptrmask, {Ptr, B.getInt64Ty()},
                             {Next, B.getInt64(-AreaAlign)});
  }
  uint64_t Size = alignTo(DL.getTypeAllocSize(I.getType()), SlotSize);
  B.CreateAlignedStore(B.CreateConstGEP1_64(B.getInt8Ty(), Next, Size), List,
                       Align(SlotSize));
  Value *V = B.CreateAlignedLoad(I.getType(), Next, Align(SlotSize));
  V->takeName(&I);
  I.replaceAllUsesWith(V);
  I.eraseFromParent();
}

/// \p VA is the area of a function that was variadic, else null.
bool VariadicsLowering::lowerLists(Function &F, Argument *VA) {
  bool Changed = false;
  Value *First = nullptr;
  for (Instruction &I : make_early_inc_range(instructions(F))) {
    if (auto *Arg = dyn_cast<VAArgInst>(&I)) {
      lowerVAArg(*Arg);
      Changed = true;
      continue;
    }
    auto *II = dyn_cast<IntrinsicInst>(&I);
    if (!II)
      continue;
    IRBuilder<> B(II);
    switch (II->getIntrinsicID()) {
    case Intrinsic::vastart:
      if (!First) {
        IRBuilder<> Entry(&*F.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
        auto *Opaque = InlineAsm::get(FunctionType::get(Ptr, {Ptr}, false), "",
                                      "=r,0", /*hasSideEffects=*/false);
        CallInst *Launder = Entry.CreateCall(Opaque, {VA}, "va.first");
        Launder->setDoesNotThrow();
        First = Launder;
      }
      B.CreateAlignedStore(First, II->getArgOperand(0), Align(SlotSize));
      break;
    case Intrinsic::vacopy:
      B.CreateAlignedStore(
          B.CreateAlignedLoad(Ptr, II->getArgOperand(1), Align(SlotSize)),
          II->getArgOperand(0), Align(SlotSize));
      break;
    case Intrinsic::vaend:
      break;
    default:
      continue;
    }
    II->eraseFromParent();
    Changed = true;
  }
  return Changed;
}

/// \p F with a pointer for its `...`; keeps its name, users and body.
Function *VariadicsLowering::lowerSignature(Function &F) {
  Function *New = Function::Create(loweredType(F.getFunctionType()),
                                   F.getLinkage(), F.getAddressSpace());
  M.getFunctionList().insert(F.getIterator(), New);
  New->copyAttributesFrom(&F); // section, personality, convention, ...
  New->setComdat(F.getComdat());
  New->removeFnAttr("thunk");
  // What it said of memory was said without the area.
  New->removeFnAttr(Attribute::Memory);
  New->IsNewDbgInfoFormat = F.IsNewDbgInfoFormat;
  New->takeName(&F);
  New->splice(New->begin(), &F);
  for (auto [Old, Arg] : zip(F.args(), New->args())) {
    Old.replaceAllUsesWith(&Arg);
    Arg.takeName(&Old);
  }
  New->getArg(New->arg_size() - 1)->setName("va");
  New->copyMetadata(&F, 0);
  F.clearMetadata();
  F.replaceAllUsesWith(New);
  F.eraseFromParent();
  return New;
}

bool VariadicsLowering::run() {
  SmallVector<Function *> Variadic;
  for (Function &F : M)
    if (F.isVarArg() && !F.isIntrinsic() &&
        F.getName() != popcorn::Runtime::PersonalityName)
      Variadic.push_back(&F);
  bool Changed = !Variadic.empty();
  SmallPtrSet<Function *, 16> Lowered;
  for (Function *F : Variadic) {
    for (User *U : F->users()) {
      auto *Call = dyn_cast<CallBase>(U);
      if (Call && Call->getCalledOperand() == F &&
          Call->getFunctionType() != F->getFunctionType())
        M.getContext().emitError(
            Call, "call of variadic function '" + F->getName() +
                      "' by another type is left: popcorn-calls runs first");
    }
    Lowered.insert(lowerSignature(*F));
  }
  for (Function &F : M) {
    if (F.isDeclaration())
      continue;
    Argument *VA = Lowered.contains(&F) ? F.getArg(F.arg_size() - 1) : nullptr;
    Changed |= lowerLists(F, VA);
    Changed |= lowerCalls(F, VA);
  }
  return Changed;
}

PreservedAnalyses popcorn::VariadicsPass::run(Module &M,
                                              ModuleAnalysisManager &) {
  return VariadicsLowering(M).run() ? PreservedAnalyses::none()
                                    : PreservedAnalyses::all();
}
