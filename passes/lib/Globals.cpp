//===- Globals.cpp - one layout of objects and functions on all ISAs -----===//
//
// The last of the portable passes.  The layout (compiler/) matches objects and
// functions of different ISAs by name, size and alignment, so everything that
// a back end would decide for itself is decided here.
//
// Invariants on exit, for each object and function that is defined:
//   - it has a name, which stands in the object file's symbol table;
//   - it is alone in a section: not mergeable, in no comdat, not common, no
//     .text.hot, .text.unlikely or section of the program's own for functions;
//   - objects have an explicit alignment, the largest any ISA would give;
//   - all symbols are resolved inside the slice (dso_local), thread-locals by
//     the local-exec model.
//
// An object that names its section itself stays there and keeps its own
// alignment, since such sections are read as arrays.
//
// Out of scope: sizes of code; constants made later by a back end (native).
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

using namespace llvm;

/// As clang 19 gives them; of what differs only alignments matter here.
static const char *const DataLayouts[] = {
    // riscv64
    "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128",
    // x86_64
    ("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-"
     "n8:16:32:64-S128"),
    // aarch64
    "e-m:e-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32",
};

static bool isSpecial(const GlobalValue &G) {
  return G.getName().starts_with("llvm.") || G.hasAppendingLinkage();
}

static void alignObject(GlobalVariable &G) {
  if (G.hasSection() && G.getAlign())
    return;
  Align Largest = G.getAlign().valueOrOne();
  for (const char *Layout : DataLayouts) {
    DataLayout DL(Layout);
    Largest =
        std::max(Largest, G.hasSection() ? DL.getABITypeAlign(G.getValueType())
                                         : DL.getPreferredAlign(&G));
  }
  G.setAlignment(Largest);
}

/// No linkage that discards, merges or hides a definition.
static void settleLinkage(GlobalValue &G) {
  if (G.hasPrivateLinkage())
    G.setLinkage(GlobalValue::InternalLinkage);
  else if (G.hasCommonLinkage())
    G.setLinkage(GlobalValue::ExternalLinkage);
  else if (G.hasLinkOnceLinkage())
    G.setLinkage(GlobalValue::WeakAnyLinkage);
  if (!G.isDeclaration() || !G.hasExternalWeakLinkage())
    G.setDSOLocal(true);
  G.setUnnamedAddr(GlobalValue::UnnamedAddr::None);
}

/// The attribute cold moves a function to .text.unlikely; that its calls are
/// unlikely is worth keeping. A section that the program asks for is a wish for
/// a place, which the layout gives.
static void keepInText(Function &F) {
  F.setMetadata(LLVMContext::MD_section_prefix, nullptr);
  if (!F.getSection().starts_with(".popcorn."))
    F.setSection("");
  F.removeFnAttr(Attribute::Hot);
  if (!F.hasFnAttribute(Attribute::Cold) || F.isDeclaration() || F.hasSection())
    return;
  F.removeFnAttr(Attribute::Cold);
  for (User *U : F.users())
    if (auto *Call = dyn_cast<CallBase>(U))
      if (Call->getCalledOperand() == &F)
        Call->addFnAttr(Attribute::Cold);
}

PreservedAnalyses popcorn::GlobalsPass::run(Module &M,
                                            ModuleAnalysisManager &) {
  for (GlobalIFunc &I : M.ifuncs())
    M.getContext().emitError(
        "'" + I.getName() +
        "': an indirect function (ifunc) is chosen for one processor; use a "
        "function pointer");

  for (Function &F : M)
    if (F.hasAvailableExternallyLinkage())
      F.deleteBody();
  for (GlobalVariable &G : M.globals())
    if (G.hasAvailableExternallyLinkage()) {
      G.setInitializer(nullptr);
      G.setLinkage(GlobalValue::ExternalLinkage);
    }

  unsigned Next = 0;
  auto Settle = [&](GlobalObject &O) {
    O.setComdat(nullptr);
    settleLinkage(O);
  };
  for (GlobalVariable &G : M.globals()) {
    if (isSpecial(G))
      continue;
    if (!G.hasName())
      G.setName("__popcorn_unnamed." + Twine(Next++));
    Settle(G);
    if (G.isThreadLocal())
      G.setThreadLocalMode(GlobalValue::LocalExecTLSModel);
    alignObject(G);
  }
  for (Function &F : M) {
    if (F.isIntrinsic())
      continue;
    if (!F.hasName())
      F.setName("__popcorn_unnamed." + Twine(Next++));
    Settle(F);
    keepInText(F);
  }
  for (GlobalAlias &A : M.aliases()) {
    if (!A.hasName())
      A.setName("__popcorn_unnamed." + Twine(Next++));
    settleLinkage(A);
    if (A.isThreadLocal())
      A.setThreadLocalMode(GlobalValue::LocalExecTLSModel);
  }
  M.getComdatSymbolTable().clear();
  return PreservedAnalyses::none();
}
