//===- Emit.cpp - the object of one ISA ----------------------------------===//
//
// Code generation in the process that optimised: a second one would spend
// longer on loading LLVM than on the code of a small program.  opt has parsed
// the flags of code generation (-mcpu, -relocation-model, ...) already.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/CodeGen/CommandFlags.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace popcorn;

static cl::opt<std::string>
    ObjectFile("popcorn-object",
               cl::desc("popcorn-isa<> writes the ISA's object to this file"));
static cl::opt<std::string>
    BitcodeFile("popcorn-bitcode",
                cl::desc("and what it generates code from to this one"));

namespace {

// Where there is no way on: the message is all that the caller sees.
[[noreturn]] void fail(const Twine &Message) {
  report_fatal_error(Message, /*gen_crash_diag=*/false);
}

std::unique_ptr<ToolOutputFile> open(StringRef File) {
  std::error_code Error;
  auto Output = std::make_unique<ToolOutputFile>(File, Error, sys::fs::OF_None);
  if (Error)
    fail(File + ": " + Error.message());
  return Output;
}

void close(ToolOutputFile &Output, StringRef File) {
  Output.os().close();
  if (Output.os().has_error()) {
    std::error_code Error = Output.os().error();
    Output.os().clear_error();
    fail(File + ": " + Error.message());
  }
  Output.keep();
}

void writeBitcode(const Module &M) {
  auto Output = open(BitcodeFile);
  WriteBitcodeToFile(M, Output->os());
  close(*Output, BitcodeFile);
}

void writeObject(Module &M, CodeGenOptLevel Level) {
  auto Target =
      codegen::createTargetMachineForTriple(M.getTargetTriple(), Level);
  if (!Target)
    fail(toString(Target.takeError()));
  codegen::setFunctionAttributes(codegen::getCPUStr(),
                                 codegen::getFeaturesStr(), M);
  auto Output = open(ObjectFile);
  legacy::PassManager PM;
  PM.add(new TargetLibraryInfoWrapperPass(Triple(M.getTargetTriple())));
  if ((*Target)->addPassesToEmitFile(PM, Output->os(), nullptr,
                                     CodeGenFileType::ObjectFile))
    fail("no object files for " + M.getTargetTriple());
  PM.run(M);
  close(*Output, ObjectFile);
}

} // namespace

PreservedAnalyses EmitPass::run(Module &M, ModuleAnalysisManager &) {
  if (!BitcodeFile.empty())
    writeBitcode(M);
  if (ObjectFile.empty())
    return PreservedAnalyses::all();
  writeObject(M, Level);
  return PreservedAnalyses::none();
}
