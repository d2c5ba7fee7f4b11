//===- Calls.cpp - calls get their callee's type --------------------------===//
//
// Without a prototype in scope, or with a wrong one, C code calls a function
// by another type than its definition's.  Real machines shrug at that, so it
// works in many old programs; for LLVM it is undefined.  The whole program is
// known here, so such calls are mended to do what they do on real machines:
//
//   - arguments in integer registers and arguments in floating-point registers
//     form two sequences; a parameter takes the next of its own kind;
//   - integers are cut or extended as the call says; an argument that is
//     missing is zero, one too many is dropped;
//   - what a variadic definition does not name is its variadic arguments, in
//     the call's order, whatever the call's type says;
//   - the result is taken the same way, zero where there is none.
//
// A function that is only ever declared as f() gets the type of one of its
// calls.
//
// A pointer may lead to a function of another type, too.  Machines' own calls
// forgive that, but for variadic functions, which VariadicsPass calls in
// another way.  So such a call first compares the pointer with the functions
// it might mean, which are few: a call without `...` with the variadic ones
// whose address is taken and whose named parameters it fits; a call with
// `...`, if its address takers include any that has none, with all of its own
// type.
//
// Invariant on exit: a direct call has its callee's type and convention; an
// indirect call is variadic if and only if its callee is.
//
// Out of scope: arguments beyond the registers in number whose kinds differ;
// musttail calls through pointers of a wrong type.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "popcorn/Runtime.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/CallPromotionUtils.h"

#include <deque>

using namespace llvm;

namespace {

/// A call's argument or result on its way to a place of another type.
struct Piece {
  Value *V;    // integer, pointer, float or double; at most 64 bits
  bool Signed; // extend by the sign
  unsigned Of; // the argument it is of
};

/// Arguments as registers see them: two sequences.
class Registers {
  IRBuilder<> &B;
  const DataLayout &DL;
  std::deque<Piece> Integers, Floats;
  SmallVector<unsigned> Count; // pieces of each argument

public:
  Registers(IRBuilder<> &B, const DataLayout &DL) : B(B), DL(DL) {}

  void put(Value *V, bool Signed, unsigned Of);
  /// Makes a value of type \p T of the next pieces.
  Value *take(Type *T);
  /// The arguments of which nothing was taken.
  SmallVector<unsigned> untouched() const;

private:
  void putPiece(std::deque<Piece> &To, Value *V, bool Signed, unsigned Of);
  Value *takePiece(Type *T);
  Value *convert(Piece P, Type *T);
};

} // namespace

static Type *partOf(Type *T, unsigned I) {
  return isa<StructType>(T) ? T->getStructElementType(I)
                            : T->getArrayElementType();
}

static unsigned partsOf(Type *T) {
  return isa<StructType>(T) ? T->getStructNumElements()
                            : T->getArrayNumElements();
}

static bool isWide(Type *T) { return T->isIntegerTy(128) || T->isFP128Ty(); }

static bool isFloat(Type *T) { return T->isFloatingPointTy() && !isWide(T); }

void Registers::putPiece(std::deque<Piece> &To, Value *V, bool Signed,
                         unsigned Of) {
  To.push_back({V, Signed, Of});
  Count.resize(std::max<size_t>(Count.size(), Of + 1));
  ++Count[Of];
}

void Registers::put(Value *V, bool Signed, unsigned Of) {
  Type *T = V->getType();
  if (isa<StructType, ArrayType>(T)) {
    for (unsigned I = 0; I < partsOf(T); ++I)
      put(B.CreateExtractValue(V, I), Signed, Of);
  } else if (isWide(T) || (T->isVectorTy() && DL.getTypeSizeInBits(T) == 128)) {
    V = B.CreateBitCast(V, B.getInt128Ty());
    putPiece(Integers, B.CreateTrunc(V, B.getInt64Ty()), Signed, Of);
    putPiece(Integers, B.CreateTrunc(B.CreateLShr(V, 64), B.getInt64Ty()),
             Signed, Of);
  } else if (isFloat(T)) {
    putPiece(Floats, V, Signed, Of);
  } else if (T->isPointerTy() ||
             (T->isIntegerTy() && T->getIntegerBitWidth() <= 64)) {
    putPiece(Integers, V, Signed, Of);
  } else {
    putPiece(Integers, B.getInt64(0), Signed, Of);
  }
}

Value *Registers::convert(Piece P, Type *T) {
  Type *From = P.V->getType();
  if (From == T)
    return P.V;
  if (isFloat(T)) { // the low bits of the register
    Type *Bits = B.getIntNTy(From->getPrimitiveSizeInBits());
    Value *V = B.CreateZExtOrTrunc(B.CreateBitCast(P.V, Bits),
                                   B.getIntNTy(T->getPrimitiveSizeInBits()));
    return B.CreateBitCast(V, T);
  }
  Value *V = From->isPointerTy() ? B.CreatePtrToInt(P.V, B.getInt64Ty()) : P.V;
  if (T->isPointerTy())
    return B.CreateIntToPtr(B.CreateIntCast(V, B.getInt64Ty(), P.Signed), T);
  return B.CreateIntCast(V, T, P.Signed);
}

Value *Registers::takePiece(Type *T) {
  std::deque<Piece> &From = isFloat(T) ? Floats : Integers;
  if (From.empty())
    return Constant::getNullValue(T);
  Piece P = From.front();
  From.pop_front();
  return convert(P, T);
}

Value *Registers::take(Type *T) {
  if (isa<StructType, ArrayType>(T)) {
    Value *V = PoisonValue::get(T);
    for (unsigned I = 0; I < partsOf(T); ++I)
      V = B.CreateInsertValue(V, take(partOf(T, I)), I);
    return V;
  }
  if (isWide(T)) {
    Value *Low = B.CreateZExt(takePiece(B.getInt64Ty()), B.getInt128Ty());
    Value *High = B.CreateZExt(takePiece(B.getInt64Ty()), B.getInt128Ty());
    return B.CreateBitCast(B.CreateOr(Low, B.CreateShl(High, 64)), T);
  }
  if (T->isVectorTy())
    return Constant::getNullValue(T);
  return takePiece(T);
}

SmallVector<unsigned> Registers::untouched() const {
  SmallVector<unsigned> Left(Count.size(), 0), Result;
  for (const auto *Sequence : {&Integers, &Floats})
    for (const Piece &P : *Sequence)
      ++Left[P.Of];
  for (unsigned I = 0; I < Count.size(); ++I)
    if (Left[I] && Left[I] == Count[I])
      Result.push_back(I);
  return Result;
}

/// The function a direct call calls, through aliases, or null.
static Function *calleeOf(const CallBase &Call) {
  Value *V = Call.getCalledOperand()->stripPointerCastsAndAliases();
  auto *F = dyn_cast<Function>(V);
  return F && !F->isIntrinsic() ? F : nullptr;
}

/// Of attributes, those that say how a value travels.
static AttributeSet passing(LLVMContext &C, AttributeSet Attrs) {
  AttrBuilder B(C);
  for (auto Kind : {Attribute::SExt, Attribute::ZExt, Attribute::StructRet,
                    Attribute::InReg, Attribute::StackAlignment})
    if (Attrs.hasAttribute(Kind))
      B.addAttribute(Attrs.getAttribute(Kind));
  return AttributeSet::get(C, B);
}

static void mendCall(CallBase &Call, Function &Callee) {
  const DataLayout &DL = Callee.getParent()->getDataLayout();
  FunctionType *Type = Callee.getFunctionType();
  LLVMContext &C = Call.getContext();
  AttributeList Attrs = Call.getAttributes(), Own = Callee.getAttributes();
  IRBuilder<> B(&Call);
  Registers Passed(B, DL);
  for (unsigned I = 0; I < Call.arg_size(); ++I)
    Passed.put(Call.getArgOperand(I), Call.paramHasAttr(I, Attribute::SExt), I);

  SmallVector<Value *> Args;
  SmallVector<AttributeSet> ArgAttrs;
  for (unsigned I = 0; I < Type->getNumParams(); ++I) {
    Args.push_back(Passed.take(Type->getParamType(I)));
    ArgAttrs.push_back(passing(C, Own.getParamAttrs(I)));
  }
  if (Type->isVarArg())
    for (unsigned I : Passed.untouched()) {
      Args.push_back(Call.getArgOperand(I));
      ArgAttrs.push_back(passing(C, Attrs.getParamAttrs(I)));
    }

  CallBase *New;
  if (auto *Invoke = dyn_cast<InvokeInst>(&Call))
    New = B.CreateInvoke(Type, &Callee, Invoke->getNormalDest(),
                         Invoke->getUnwindDest(), Args);
  else
    New = B.CreateCall(Type, &Callee, Args);
  New->setCallingConv(Callee.getCallingConv());
  New->setAttributes(AttributeList::get(
      C, Attrs.getFnAttrs().removeAttribute(C, Attribute::Memory),
      passing(C, Own.getRetAttrs()), ArgAttrs));
  New->setDebugLoc(Call.getDebugLoc());

  if (!Call.use_empty()) {
    if (auto *Invoke = dyn_cast<InvokeInst>(New))
      B.SetInsertPoint(&*Invoke->getNormalDest()->getFirstInsertionPt());
    else
      B.SetInsertPoint(&Call);
    Registers Returned(B, DL);
    if (!New->getType()->isVoidTy())
      Returned.put(New, Callee.hasRetAttribute(Attribute::SExt), 0);
    Call.replaceAllUsesWith(Returned.take(Call.getType()));
  }
  Call.eraseFromParent();
}

/// f(), nowhere defined: what is it?
static void typeUnprototyped(Module &M) {
  for (Function &F : make_early_inc_range(M)) {
    if (!F.isDeclaration() || F.isIntrinsic() || !F.isVarArg() ||
        F.arg_size() || F.getName() == popcorn::Runtime::PersonalityName)
      continue;
    FunctionType *Type = nullptr;
    for (User *U : F.users())
      if (auto *Call = dyn_cast<CallBase>(U))
        if (Call->getCalledOperand() == &F &&
            !Call->getFunctionType()->isVarArg())
          Type = Call->getFunctionType();
    if (!Type)
      Type = FunctionType::get(F.getReturnType(), false);
    Function *New = Function::Create(Type, F.getLinkage(), F.getAddressSpace());
    M.getFunctionList().insert(F.getIterator(), New);
    New->setDSOLocal(F.isDSOLocal());
    New->setVisibility(F.getVisibility());
    New->takeName(&F);
    F.replaceAllUsesWith(New);
    F.eraseFromParent();
  }
}

/// Do values of these types travel in the same registers?
static bool sameKind(Type *A, Type *B) {
  auto IsWord = [](Type *T) {
    return T->isPointerTy() ||
           (T->isIntegerTy() && T->getIntegerBitWidth() <= 64);
  };
  return A == B || (IsWord(A) && IsWord(B));
}

/// Could \p Call, whose arguments from \p First on are not named by its type,
/// be meant for a function of type \p Type?
static bool fits(const CallBase &Call, unsigned First, FunctionType *Type) {
  if (!Call.use_empty() && !sameKind(Call.getType(), Type->getReturnType()))
    return false;
  if (Type->getNumParams() < First)
    return false;
  for (unsigned I = 0; I < Type->getNumParams(); ++I)
    if (I >= Call.arg_size() ||
        !sameKind(Call.getArgOperand(I)->getType(), Type->getParamType(I)))
      return false;
  return true;
}

/// A copy of \p Call that is taken if its pointer is \p Callee.
static void callIfMeant(CallBase &Call, Function &Callee) {
  CallBase &Meant = versionCallSite(Call, &Callee, nullptr);
  Meant.setCalledOperand(&Callee);
  if (Meant.getFunctionType() != Callee.getFunctionType())
    mendCall(Meant, Callee);
}

static void mendIndirect(CallBase &Call, ArrayRef<Function *> Variadic,
                         ArrayRef<Function *> Others) {
  FunctionType *Type = Call.getFunctionType();
  if (!Type->isVarArg()) {
    for (Function *F : Variadic)
      if (fits(Call, 0, F->getFunctionType()))
        callIfMeant(Call, *F);
    return;
  }
  if (none_of(Others, [&](Function *F) {
        return fits(Call, Type->getNumParams(), F->getFunctionType());
      }))
    return;
  for (Function *F : Variadic)
    if (F->getFunctionType() == Type)
      callIfMeant(Call, *F);
  SmallVector<llvm::Type *> Args;
  for (Use &U : Call.args())
    Args.push_back(U->getType());
  Call.mutateFunctionType(
      FunctionType::get(Type->getReturnType(), Args, false));
}

static void mendIndirectCalls(Module &M) {
  SmallVector<Function *> Variadic, Others;
  for (Function &F : M)
    if (!F.isDeclaration() && F.hasAddressTaken())
      (F.isVarArg() ? Variadic : Others).push_back(&F);
  SmallVector<CallBase *> Calls;
  for (Function &F : M)
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I))
        if (!Call->isInlineAsm() && !isa<Function>(Call->getCalledOperand()) &&
            !calleeOf(*Call) && !Call->isMustTailCall())
          Calls.push_back(Call);
  for (CallBase *Call : Calls)
    mendIndirect(*Call, Variadic, Others);
}

PreservedAnalyses popcorn::CallsPass::run(Module &M, ModuleAnalysisManager &) {
  typeUnprototyped(M);
  SmallVector<std::pair<CallBase *, Function *>> Wrong;
  for (Function &F : M)
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I); Call && !Call->isInlineAsm())
        if (Function *Callee = calleeOf(*Call))
          if (Callee->getFunctionType() != Call->getFunctionType() ||
              Callee->getCallingConv() != Call->getCallingConv())
            Wrong.push_back({Call, Callee});
  for (auto [Call, Callee] : Wrong)
    mendCall(*Call, *Callee);
  mendIndirectCalls(M);
  return PreservedAnalyses::none();
}
