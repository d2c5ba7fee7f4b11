//===- MayMigrate.cpp - which calls may migrate, and what LLVM may assume ===//
//
// Bottom-up over the whole program: a call may migrate if its callee can reach
// __popcorn_poll.  An indirect call may if any function whose address is taken
// may.  A wider set, what may be unwound at all (longjmp, and signal handlers
// run inside system calls), is computed the same way.
//
// On exit: functions that may migrate and their sites carry the attribute
// popcorn-migrates; they and their call sites have lost every attribute that a
// capture or a resume would falsify.  Functions that may be unwound are not
// nounwind.  Every function has unwind tables.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "popcorn/Runtime.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace popcorn {

namespace {

// Functions from which one of Roots can be reached.
class Reaches {
  DenseSet<const Function *> Set;
  bool Indirect = false;

public:
  Reaches(Module &M, ArrayRef<StringRef> Roots) {
    DenseMap<const Function *, SmallVector<const Function *, 4>> Callers;
    SmallVector<const Function *, 64> IndirectCallers;
    SmallVector<const Function *, 64> Work;
    auto Add = [&](const Function *F) {
      if (Set.insert(F).second)
        Work.push_back(F);
    };
    for (Function &F : M) {
      bool CallsPointer = false;
      SmallPtrSet<const Function *, 8> Seen;
      for (Instruction &I : instructions(F)) {
        auto *CB = dyn_cast<CallBase>(&I);
        if (!CB || CB->isInlineAsm())
          continue;
        if (const Function *Callee = calledFunction(*CB)) {
          if (Seen.insert(Callee).second)
            Callers[Callee].push_back(&F);
        } else {
          CallsPointer = true;
        }
      }
      if (CallsPointer)
        IndirectCallers.push_back(&F);
    }
    for (StringRef Root : Roots)
      if (const Function *F = M.getFunction(Root))
        Add(F);
    while (!Work.empty()) {
      const Function *F = Work.pop_back_val();
      for (const Function *Caller : Callers.lookup(F))
        Add(Caller);
      if (!Indirect && F->hasAddressTaken()) {
        Indirect = true;
        for (const Function *Caller : IndirectCallers)
          Add(Caller);
      }
    }
  }

  // Through aliases and casts; null for a pointer known only at run time.
  static const Function *calledFunction(const CallBase &CB) {
    return dyn_cast<Function>(
        CB.getCalledOperand()->stripPointerCastsAndAliases());
  }

  bool contains(const Function &F) const { return Set.contains(&F); }
  bool contains(const CallBase &CB) const {
    if (CB.isInlineAsm())
      return false;
    if (const Function *F = calledFunction(CB))
      return Set.contains(F);
    return Indirect;
  }
};

const Attribute::AttrKind Falsified[] = {
    Attribute::Memory,    Attribute::WillReturn, Attribute::NoRecurse,
    Attribute::NoSync,    Attribute::NoFree,     Attribute::Speculatable,
    Attribute::Convergent};

void strip(Function &F) {
  for (Attribute::AttrKind Kind : Falsified)
    F.removeFnAttr(Kind);
  for (Argument &A : F.args())
    for (Attribute::AttrKind Kind :
         {Attribute::ReadNone, Attribute::ReadOnly, Attribute::WriteOnly,
          Attribute::NoCapture, Attribute::Returned})
      A.removeAttr(Kind);
}

void strip(CallBase &CB) {
  for (Attribute::AttrKind Kind : Falsified)
    CB.removeFnAttr(Kind);
  for (unsigned I = 0, E = CB.arg_size(); I < E; ++I)
    for (Attribute::AttrKind Kind :
         {Attribute::ReadNone, Attribute::ReadOnly, Attribute::WriteOnly,
          Attribute::NoCapture, Attribute::Returned})
      CB.removeParamAttr(I, Kind);
}

} // namespace

PreservedAnalyses MayMigratePass::run(Module &M, ModuleAnalysisManager &) {
  Reaches Migrates(M, {Runtime::PollName});
  Reaches Unwinds(
      M, {Runtime::PollName, "__popcorn_longjmp", "__popcorn_syscall"});
  for (Function &F : M) {
    if (F.isIntrinsic())
      continue;
    if (!F.isDeclaration()) {
      F.setUWTableKind(UWTableKind::Async);
      // Both halves of a landing pad's frame must be found by the unwinder.
      F.removeFnAttr("stack-protector-buffer-size");
    }
    if (Unwinds.contains(F))
      F.removeFnAttr(Attribute::NoUnwind);
    if (Migrates.contains(F)) {
      F.addFnAttr(MayMigrateAttr);
      strip(F);
    }
    for (Instruction &I : instructions(F)) {
      auto *CB = dyn_cast<CallBase>(&I);
      if (!CB || isa<IntrinsicInst>(CB))
        continue;
      if (Unwinds.contains(*CB))
        CB->removeFnAttr(Attribute::NoUnwind);
      if (Migrates.contains(*CB)) {
        CB->addFnAttr(Attribute::get(M.getContext(), MayMigrateAttr));
        strip(*CB);
      }
    }
  }
  return PreservedAnalyses::none();
}

} // namespace popcorn
