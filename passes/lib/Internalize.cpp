//===- Internalize.cpp - the whole program is known ----------------------===//
//
// Everything becomes internal but the entry point the run time calls and the
// libc functions that code generation itself may call: those behind math
// intrinsics and instructions without hardware on some ISA.  They stay only
// where such an intrinsic occurs, so small programs stay small.
//
// An alias that became internal is nothing but another name: its uses go to
// what it names.  Else each function with an alias would look to later passes
// like one whose address is taken, and each call of it like one of a pointer.
//
//===----------------------------------------------------------------------===//
#include "llvm/Transforms/IPO/Internalize.h"
#include "popcorn/Passes.h"
#include "popcorn/Runtime.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace popcorn {

namespace {

// sin -> sin, sinf, sinl; by the operand's type.
std::string mathName(StringRef Base, Type *T) {
  T = T->getScalarType();
  if (T->isFloatTy())
    return (Base + "f").str();
  if (T->isDoubleTy())
    return Base.str();
  if (T->isFP128Ty())
    return (Base + "l").str();
  return "";
}

// The libc function behind an intrinsic: most have its name.
StringRef mathBase(Intrinsic::ID ID) {
  StringRef Name = Intrinsic::getBaseName(ID);
  Name.consume_front("llvm.");
  return Name;
}

StringSet<> neededByCodegen(Module &M) {
  StringSet<> Names;
  for (Function &F : M)
    for (Instruction &I : instructions(F)) {
      if (I.getOpcode() == Instruction::FRem)
        Names.insert(mathName("fmod", I.getType()));
      if (auto *II = dyn_cast<IntrinsicInst>(&I))
        if (II->arg_size())
          Names.insert(mathName(mathBase(II->getIntrinsicID()),
                                II->getArgOperand(0)->getType()));
    }
  return Names;
}

void dropInternalAliases(Module &M) {
  for (GlobalAlias &A : make_early_inc_range(M.aliases())) {
    auto *Object =
        dyn_cast<GlobalObject>(A.getAliasee()->stripPointerCastsAndAliases());
    if (!A.hasLocalLinkage() || !Object)
      continue;
    A.replaceAllUsesWith(Object);
    A.eraseFromParent();
  }
}

} // namespace

PreservedAnalyses InternalizePass::run(Module &M, ModuleAnalysisManager &MAM) {
  StringSet<> Keep = neededByCodegen(M);
  Keep.insert(Runtime::EntryName);
  Keep.insert("__popcorn_side_sp"); // the run time sets and reads it
  // "used" and lld's own marks: nothing outside looks, but a section of the
  // program's own is read between its bounds.
  SmallVector<GlobalValue *, 8> InSections;
  for (const char *Name : {"llvm.used", "llvm.compiler.used"})
    if (GlobalVariable *Used = M.getNamedGlobal(Name)) {
      for (Use &U : cast<ConstantArray>(Used->getInitializer())->operands())
        if (auto *GV = dyn_cast<GlobalVariable>(U->stripPointerCasts()))
          if (GV->hasSection())
            InSections.push_back(GV);
      Used->eraseFromParent();
    }
  appendToCompilerUsed(M, InSections);
  internalizeModule(M, [&](const GlobalValue &GV) {
    return Keep.contains(GV.getName()) || GV.getName().starts_with("llvm.");
  });
  dropInternalAliases(M);
  return PreservedAnalyses::none();
}

} // namespace popcorn
