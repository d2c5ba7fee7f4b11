//===- Annotations.cpp - popcorn.* annotations become attributes ---------===//
//
// A user speaks to the passes by __attribute__((annotate("popcorn.X", ...))),
// which clang collects in the table @llvm.global.annotations.
//
//   popcorn.nopoll    -> "popcorn-nopoll": no poll is placed inside.
//   popcorn.native    -> "popcorn-native": the machine code of the function is
//                        written by hand.  Arguments come in pairs, the name
//                        of an ISA and its assembler text, and become
//                        "popcorn-native-<isa>"="text".  Only a declaration
//                        can be native: a body would be looked into.
//
// Invariant on exit: no annotation of any kind is left, so that the table keeps
// no function alive and no string of it reaches a section.
//
// Out of scope: emitting the text (Natives.cpp).
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

static std::optional<StringRef> stringAt(const Value *V) {
  const auto *G = dyn_cast<GlobalVariable>(V->stripPointerCasts());
  if (!G || !G->hasInitializer())
    return std::nullopt;
  const auto *Data = dyn_cast<ConstantDataSequential>(G->getInitializer());
  if (!Data)
    return isa<ConstantAggregateZero>(G->getInitializer())
               ? std::optional<StringRef>("")
               : std::nullopt;
  return Data->isCString() ? std::optional<StringRef>(Data->getAsCString())
                           : std::nullopt;
}

static void warn(Module &M, const Twine &Message) {
  M.getContext().diagnose(DiagnosticInfoInlineAsm(Message, DS_Warning));
}

/// Pairs of ISA and assembler text, the annotation's further arguments.
static void addNativeTexts(Function &F, const Value *Arguments) {
  if (!F.isDeclaration())
    F.getContext().emitError("function '" + F.getName() +
                             "': popcorn.native is for a declaration; this "
                             "one has a body");
  F.addFnAttr("popcorn-native");
  const auto *G = dyn_cast<GlobalVariable>(Arguments->stripPointerCasts());
  if (!G || !G->hasInitializer())
    return;
  const Constant *Texts = G->getInitializer();
  unsigned Count = Texts->getNumOperands();
  if (Count % 2)
    F.getContext().emitError("function '" + F.getName() +
                             "': popcorn.native takes pairs of an ISA's name "
                             "and its assembler text");
  for (unsigned I = 0; I + 1 < Count; I += 2) {
    auto ISA = stringAt(Texts->getOperand(I));
    auto Text = stringAt(Texts->getOperand(I + 1));
    if (ISA && Text)
      F.addFnAttr(("popcorn-native-" + *ISA).str(), *Text);
  }
}

/// It stays a function of its own: what is inlined would get polls in one
/// direction and lose them in the other.
static void markNoPoll(Function &F) {
  F.addFnAttr(popcorn::NoPollAttr);
  F.addFnAttr(Attribute::NoInline);
  for (Instruction &I : instructions(F))
    if (auto *Call = dyn_cast<CallBase>(&I))
      Call->addFnAttr(Attribute::NoInline);
}

static void applyEntry(Module &M, const ConstantStruct &Entry) {
  Value *Annotated = Entry.getOperand(0)->stripPointerCastsAndAliases();
  auto Text = stringAt(Entry.getOperand(1));
  if (!Text || !Text->starts_with("popcorn."))
    return;
  auto *F = dyn_cast<Function>(Annotated);
  if (F && *Text == "popcorn.nopoll")
    markNoPoll(*F);
  else if (F && *Text == "popcorn.native")
    addNativeTexts(*F, Entry.getOperand(4));
  else
    warn(M, "annotation \"" + *Text + "\" of '" + Annotated->getName() +
                "' has no meaning here and is ignored");
}

/// Annotations of locals and of expressions mean nothing to us.
static bool dropLocalAnnotations(Module &M) {
  SmallVector<IntrinsicInst *> Dead;
  for (Function &F : M)
    for (Instruction &I : instructions(F))
      if (auto *II = dyn_cast<IntrinsicInst>(&I))
        if (II->getIntrinsicID() == Intrinsic::var_annotation ||
            II->getIntrinsicID() == Intrinsic::ptr_annotation ||
            II->getIntrinsicID() == Intrinsic::annotation)
          Dead.push_back(II);
  for (IntrinsicInst *II : Dead) {
    if (!II->getType()->isVoidTy())
      II->replaceAllUsesWith(II->getArgOperand(0));
    II->eraseFromParent();
  }
  return !Dead.empty();
}

/// The strings of the table live in a section that is never emitted.
static void dropMetadataStrings(Module &M) {
  bool Again;
  do {
    Again = false;
    for (GlobalVariable &G : make_early_inc_range(M.globals())) {
      G.removeDeadConstantUsers();
      if (G.getSection() == "llvm.metadata" && G.use_empty() &&
          G.hasLocalLinkage()) {
        G.eraseFromParent();
        Again = true;
      }
    }
  } while (Again);
}

PreservedAnalyses popcorn::AnnotationsPass::run(Module &M,
                                                ModuleAnalysisManager &) {
  bool Changed = dropLocalAnnotations(M);
  if (GlobalVariable *Table = M.getNamedGlobal("llvm.global.annotations")) {
    if (Table->hasInitializer())
      for (const Use &U : Table->getInitializer()->operands())
        if (const auto *Entry = dyn_cast<ConstantStruct>(U.get()))
          applyEntry(M, *Entry);
    Table->eraseFromParent();
    Changed = true;
  }
  if (!Changed)
    return PreservedAnalyses::all();
  dropMetadataStrings(M);
  return PreservedAnalyses::none();
}
