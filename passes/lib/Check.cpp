//===- Check.cpp - refuse what no other ISA could run --------------------===//
//
// Reports, each in a line with file, line and function, everything the program
// holds that is of one ISA: inline and file-scope assembly, intrinsics of a
// target, types of a target, requests for registers.  opt fails after all are
// reported.
//
// Mended rather than refused:
//   - asm with an empty text (a compiler barrier) stays, opaque as it was, with
//     operands in whatever register class every ISA has, without clobbers of
//     named registers;
//   - __builtin_return_address is a null pointer: code addresses differ
//     between ISAs and may not be stored;
//   - __builtin_frame_address(0) is the address of a local, further ones null.
//
// Invariant on exit, if nothing was reported: asm is empty and its constraints
// are made of r, m, i, n, s, X, matching digits and the memory clobber.
//
// Most of it is said when a file is compiled, where clang can show the place
// (popcorn-refuse); what nobody uses then, the optimiser has dropped already.
//
// Way out: __attribute__((annotate("popcorn.native", "x86_64", "text", ...)))
// on a function, see Annotations.cpp.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

static const char WayOut[] =
    "write it in C, or give each ISA its own text with "
    "__attribute__((annotate(\"popcorn.native\", ...)))";

/// "file.c:12: in function 'f': ", as much as is known.
static std::string whereIs(const Function &F, const Instruction *I) {
  std::string Where;
  raw_string_ostream OS(Where);
  const DILocation *Loc = I ? I->getDebugLoc().get() : nullptr;
  if (Loc)
    OS << Loc->getFilename() << ':' << Loc->getLine() << ": ";
  else if (const DISubprogram *SP = F.getSubprogram())
    OS << SP->getFilename() << ':' << SP->getLine() << ": ";
  else
    OS << F.getParent()->getSourceFileName() << ": ";
  OS << "in function '" << F.getName() << "': ";
  return Where;
}

namespace {

/// opt exits at the first error, so all become one, a line each.
class Refusals {
  SmallVector<std::string> Lines;

public:
  void add(const Function &F, const Instruction *I, const Twine &Message) {
    Lines.push_back(whereIs(F, I) + Message.str());
  }
  void add(const Module &M, const Twine &Message) {
    Lines.push_back(M.getSourceFileName() + ": " + Message.str());
  }
  void emit(LLVMContext &C) const {
    if (!Lines.empty())
      C.emitError(join(Lines, "\nerror: "));
  }
};

} // namespace

/// Text for a message: one line, not too long.
static std::string excerpt(StringRef Text) {
  std::string Line = Text.trim().take_front(40).str();
  for (char &C : Line)
    if (C == '\n' || C == '\t')
      C = ' ';
  return Line + (Text.trim().size() > 40 ? "..." : "");
}

/// Blank, or nothing but comments.
static bool isEmptyAsm(StringRef Text) {
  SmallVector<StringRef> Lines;
  SplitString(Text, Lines, "\n;");
  return all_of(Lines, [](StringRef Line) {
    Line = Line.trim();
    return Line.empty() || Line.starts_with("#") || Line.starts_with("//");
  });
}

/// The codes of one constraint in portable letters; empty if there is none.
static std::string portableCodes(const InlineAsm::ConstraintInfo &Info) {
  std::string Codes;
  bool Register = false, Memory = false;
  for (const std::string &Code : Info.Codes) {
    if (isDigit(Code[0]) || Code == "i" || Code == "n" || Code == "s" ||
        Code == "X")
      Codes += Code;
    else if (Code == "m" || Code == "o" || Code == "A")
      Memory = true;
    else // r, f, v, a register by name: any register does for no instruction
      Register = true;
  }
  if (Info.isIndirect)
    return Register || Memory || Codes.empty() ? "m" : Codes;
  if (Register)
    return "r" + Codes;
  return Memory ? "m" + Codes : Codes;
}

static std::string portableConstraints(const InlineAsm &Asm) {
  std::vector<std::string> Parts;
  for (const InlineAsm::ConstraintInfo &Info : Asm.ParseConstraints()) {
    std::string Part;
    switch (Info.Type) {
    case InlineAsm::isClobber:
      if (Info.Codes.size() != 1 || Info.Codes[0] != "{memory}")
        continue;
      Parts.push_back("~{memory}");
      continue;
    case InlineAsm::isOutput:
      Part = Info.isEarlyClobber ? "=&" : "=";
      break;
    case InlineAsm::isInput:
      break;
    case InlineAsm::isLabel:
      Part = "!";
      break;
    }
    if (Info.isIndirect)
      Part += "*";
    Parts.push_back(Part + portableCodes(Info));
  }
  return join(Parts, ",");
}

/// On a call: the function it was written in.
static const char WrittenInAttr[] = "popcorn-written-in";

static bool isOfOneISA(const IntrinsicInst &II) {
  switch (II.getIntrinsicID()) {
  case Intrinsic::read_register:
  case Intrinsic::read_volatile_register:
  case Intrinsic::write_register:
  case Intrinsic::sponentry:
  case Intrinsic::thread_pointer:
  case Intrinsic::readcyclecounter:
  case Intrinsic::eh_sjlj_setjmp:
  case Intrinsic::eh_sjlj_longjmp:
  case Intrinsic::localescape:
    return true;
  default:
    return II.getCalledFunction()->isTargetIntrinsic();
  }
}

static bool isOfOneISA(const CallBase &Call) {
  if (auto *II = dyn_cast<IntrinsicInst>(&Call))
    return isOfOneISA(*II);
  auto *Asm = dyn_cast<InlineAsm>(Call.getCalledOperand());
  return Asm && (isa<CallBrInst>(Call) || !isEmptyAsm(Asm->getAsmString()));
}

/// "inline assembly "text" is of one ISA; ...", as isOfOneISA has found.
static std::string refusal(const CallBase &Call) {
  std::string What =
      isa<IntrinsicInst>(Call)
          ? "the intrinsic " + Call.getCalledFunction()->getName().str()
          : "inline assembly \"" +
                excerpt(
                    cast<InlineAsm>(Call.getCalledOperand())->getAsmString()) +
                "\"";
  return What + " is of one ISA; " + WayOut;
}

static void checkAsm(CallBase &Call, Refusals &Refused) {
  auto *Asm = cast<InlineAsm>(Call.getCalledOperand());
  if (isa<CallBrInst>(Call)) {
    Refused.add(*Call.getFunction(), &Call,
                "asm goto is of one ISA; write it in C");
    return;
  }
  if (!isEmptyAsm(Asm->getAsmString())) {
    Refused.add(*Call.getFunction(), &Call, refusal(Call));
    return;
  }
  Call.setCalledOperand(InlineAsm::get(
      Asm->getFunctionType(), "", portableConstraints(*Asm),
      Asm->hasSideEffects(), Asm->isAlignStack(), InlineAsm::AD_ATT));
}

static void checkIntrinsic(IntrinsicInst &II, Refusals &Refused) {
  Function &F = *II.getFunction();
  IRBuilder<> B(&II);
  Value *Mended = nullptr;
  switch (II.getIntrinsicID()) {
  case Intrinsic::returnaddress:
  case Intrinsic::addressofreturnaddress:
    Mended = Constant::getNullValue(II.getType());
    break;
  case Intrinsic::frameaddress:
    if (cast<ConstantInt>(II.getArgOperand(0))->isZero()) {
      B.SetInsertPoint(&*F.getEntryBlock().getFirstInsertionPt());
      Mended = B.CreateAlloca(B.getInt64Ty(), nullptr, "frame.address");
    } else {
      Mended = Constant::getNullValue(II.getType());
    }
    break;
  default:
    if (isOfOneISA(II))
      Refused.add(F, &II, refusal(II));
    return;
  }
  II.replaceAllUsesWith(Mended);
  II.eraseFromParent();
}

/// Says what is wrong with a type, or nullptr.
static const char *wrongWith(Type *T) {
  if (auto *Vector = dyn_cast<VectorType>(T)) {
    if (isa<ScalableVectorType>(T))
      return "a vector of a size only one ISA knows";
    return wrongWith(Vector->getElementType());
  }
  if (T->isX86_FP80Ty())
    return "the type x86_fp80";
  if (T->isPPC_FP128Ty())
    return "the type ppc_fp128";
  if (T->isX86_MMXTy() || T->isX86_AMXTy() || T->isTargetExtTy())
    return "a type only one ISA has";
  for (Type *Part : T->subtypes())
    if (!T->isFunctionTy())
      if (const char *Wrong = wrongWith(Part))
        return Wrong;
  return nullptr;
}

static void checkFunction(Function &F, Refusals &Refused) {
  for (Instruction &I : make_early_inc_range(instructions(F))) {
    const char *Wrong = wrongWith(I.getType());
    for (Use &U : I.operands())
      if (!Wrong)
        Wrong = wrongWith(U->getType());
    if (Wrong)
      Refused.add(F, &I, Twine(Wrong) + " is not portable between ISAs");
    if (auto *II = dyn_cast<IntrinsicInst>(&I))
      checkIntrinsic(*II, Refused);
    else if (auto *Call = dyn_cast<CallBase>(&I))
      if (Call->isInlineAsm())
        checkAsm(*Call, Refused);
  }
}

PreservedAnalyses popcorn::CheckPass::run(Module &M, ModuleAnalysisManager &) {
  Refusals Refused;
  if (!isEmptyAsm(M.getModuleInlineAsm()))
    Refused.add(M, "file-scope assembly \"" + excerpt(M.getModuleInlineAsm()) +
                       "\" is of one ISA; " + WayOut);
  M.setModuleInlineAsm("");
  for (GlobalVariable &G : M.globals())
    if (const char *Wrong = wrongWith(G.getValueType()))
      Refused.add(M, "object '" + G.getName() + "': " + Wrong +
                         " is not portable between ISAs");
  for (Function &F : M)
    checkFunction(F, Refused);
  Refused.emit(M.getContext());
  return PreservedAnalyses::none();
}

PreservedAnalyses popcorn::WrittenInPass::run(Module &M,
                                              ModuleAnalysisManager &) {
  for (Function &F : M)
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I); Call && isOfOneISA(*Call))
        Call->addFnAttr(
            Attribute::get(M.getContext(), WrittenInAttr, F.getName()));
  return PreservedAnalyses::all();
}

PreservedAnalyses popcorn::RefusePass::run(Module &M, ModuleAnalysisManager &) {
  LLVMContext &C = M.getContext();
  if (!isEmptyAsm(M.getModuleInlineAsm()))
    C.emitError(Twine(M.getSourceFileName()) + ": file-scope assembly \"" +
                excerpt(M.getModuleInlineAsm()) + "\" is of one ISA; " +
                WayOut);
  for (Function &F : M)
    for (Instruction &I : instructions(F)) {
      auto *Call = dyn_cast<CallBase>(&I);
      if (!Call || !isOfOneISA(*Call))
        continue;
      if (isa<IntrinsicInst>(Call)) { // whose place only -g keeps
        C.emitError(whereIs(F, &I) + refusal(*Call));
        continue;
      }
      StringRef Name = Call->hasFnAttr(WrittenInAttr)
                           ? Call->getFnAttr(WrittenInAttr).getValueAsString()
                           : F.getName();
      C.emitError(&I, "in function '" + Name + "': " + refusal(*Call));
    }
  return PreservedAnalyses::all();
}
