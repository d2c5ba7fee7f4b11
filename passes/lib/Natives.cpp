//===- Natives.cpp - functions written in assembler, per ISA -------------===//
//
//     __attribute__((annotate("popcorn.native",
//             "x86_64", "rdtsc\n shl $32, %rdx\n or %rdx, %rax\n ret",
//             "aarch64", "mrs x0, cntvct_el0\n ret")))
//     unsigned long ticks(void);
//
// A native function is declared, never defined in C: up to here all passes
// take it for an outside function that does not migrate.  Its text is all of
// its code: it finds its arguments, and returns, as the C ABI of that ISA
// says.  It must be a leaf, and may not store what only one ISA understands.
//
// Invariant on exit: every native function is defined, alone in its section.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Natives.h"

#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"

using namespace llvm;

/// $ begins an operand in inline asm, and there is none here.
static std::string escaped(StringRef Text) {
  std::string Result;
  for (char C : Text)
    Result.append(C == '$' ? 2 : 1, C);
  return Result;
}

static void define(Function &F, StringRef Text) {
  LLVMContext &C = F.getContext();
  F.setAttributes(AttributeList());
  for (auto Kind : {Attribute::Naked, Attribute::NoInline, Attribute::NoUnwind})
    F.addFnAttr(Kind);
  F.setUWTableKind(UWTableKind::Default);
  F.setLinkage(GlobalValue::ExternalLinkage);
  F.setDSOLocal(true);
  IRBuilder<> B(BasicBlock::Create(C, "", &F));
  B.CreateCall(InlineAsm::get(FunctionType::get(B.getVoidTy(), false),
                              escaped(Text), "", /*hasSideEffects=*/true));
  B.CreateUnreachable();
}

void popcorn::defineNatives(Module &M, StringRef ISA) {
  for (Function &F : M) {
    if (!F.hasFnAttribute("popcorn-native"))
      continue;
    Attribute Text = F.getFnAttribute(("popcorn-native-" + ISA).str());
    if (Text.isValid())
      define(F, Text.getValueAsString());
    else
      M.getContext().emitError("function '" + F.getName() +
                               "' has no popcorn.native text for " + ISA);
  }
}
