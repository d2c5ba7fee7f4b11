//===- Floats.cpp - one result of floating point on all ISAs -------------===//
//
// Where LLVM leaves a choice, back ends choose differently, and a program that
// moves would see both.  Decided here, once:
//
//   - a multiplication and an addition that may be fused are two operations
//     (one ISA has the instruction, the other has not);
//   - the smaller and the larger of two numbers take -0 for less than +0, as
//     libc's fmin and fmax do; of a NaN and a number they are the number;
//   - fast-math flags and attributes go: what they allowed has been done by the
//     front end's optimiser, the same for all.
//
// Invariant on exit: no llvm.fmuladd, llvm.minnum, llvm.maxnum, reductions by
// them, and no fast-math flags are left.
//
// Out of scope: the sign and payload of a NaN that an operation makes;
// conversions to integers that overflow, which C leaves undefined.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

static Value *asBits(IRBuilder<> &B, Value *V) {
  Type *T = V->getType();
  Type *Bits = B.getIntNTy(T->getScalarSizeInBits());
  if (auto *Vector = dyn_cast<VectorType>(T))
    Bits = VectorType::get(Bits, Vector->getElementCount());
  return B.CreateBitCast(V, Bits);
}

static Value *smallerOrLarger(IRBuilder<> &B, Value *X, Value *Y,
                              bool Smaller) {
  Value *Less =
      Smaller ? B.CreateFCmpOLT(X, Y, "first") : B.CreateFCmpOGT(X, Y, "first");
  // Equal numbers differ in nothing but the sign of a zero.
  Value *Sign = Smaller ? B.CreateOr(asBits(B, X), asBits(B, Y))
                        : B.CreateAnd(asBits(B, X), asBits(B, Y));
  Value *Zero = B.CreateBitCast(Sign, X->getType());
  Value *R = B.CreateSelect(Less, X, Y);
  R = B.CreateSelect(B.CreateFCmpOEQ(X, Y), Zero, R);
  R = B.CreateSelect(B.CreateFCmpUNO(Y, Y), X, R);
  return B.CreateSelect(B.CreateFCmpUNO(X, X), Y, R);
}

/// Of all elements of the vector \p V, in order.
static Value *reduce(IRBuilder<> &B, Value *V, bool Smaller) {
  auto *T = cast<FixedVectorType>(V->getType());
  Value *R = B.CreateExtractElement(V, uint64_t(0));
  for (unsigned I = 1; I < T->getNumElements(); ++I)
    R = smallerOrLarger(B, R, B.CreateExtractElement(V, uint64_t(I)), Smaller);
  return R;
}

/// What stands for \p II, or null if it may stay.
static Value *decided(IntrinsicInst &II) {
  IRBuilder<> B(&II);
  switch (II.getIntrinsicID()) {
  case Intrinsic::fmuladd:
    return B.CreateFAdd(B.CreateFMul(II.getArgOperand(0), II.getArgOperand(1)),
                        II.getArgOperand(2));
  case Intrinsic::experimental_constrained_fmuladd: {
    auto &C = cast<ConstrainedFPIntrinsic>(II);
    auto Operate = [&](Intrinsic::ID ID, Value *X, Value *Y) {
      return B.CreateConstrainedFPBinOp(ID, X, Y, nullptr, "", nullptr,
                                        C.getRoundingMode(),
                                        C.getExceptionBehavior());
    };
    return Operate(Intrinsic::experimental_constrained_fadd,
                   Operate(Intrinsic::experimental_constrained_fmul,
                           II.getArgOperand(0), II.getArgOperand(1)),
                   II.getArgOperand(2));
  }
  case Intrinsic::minnum:
  case Intrinsic::maxnum:
  case Intrinsic::experimental_constrained_minnum:
  case Intrinsic::experimental_constrained_maxnum:
    return smallerOrLarger(B, II.getArgOperand(0), II.getArgOperand(1),
                           II.getIntrinsicID() == Intrinsic::minnum ||
                               II.getIntrinsicID() ==
                                   Intrinsic::experimental_constrained_minnum);
  case Intrinsic::vector_reduce_fmin:
  case Intrinsic::vector_reduce_fmax:
    return reduce(B, II.getArgOperand(0),
                  II.getIntrinsicID() == Intrinsic::vector_reduce_fmin);
  default:
    return nullptr;
  }
}

PreservedAnalyses popcorn::FloatsPass::run(Module &M, ModuleAnalysisManager &) {
  for (Function &F : M) {
    for (const char *Name :
         {"unsafe-fp-math", "no-infs-fp-math", "no-nans-fp-math",
          "no-signed-zeros-fp-math", "approx-func-fp-math"})
      F.removeFnAttr(Name);
    for (Instruction &I : make_early_inc_range(instructions(F))) {
      if (isa<FPMathOperator>(I))
        I.copyFastMathFlags(FastMathFlags());
      auto *II = dyn_cast<IntrinsicInst>(&I);
      if (Value *V = II ? decided(*II) : nullptr) {
        V->takeName(II);
        II->replaceAllUsesWith(V);
        II->eraseFromParent();
      }
    }
  }
  return PreservedAnalyses::none();
}
