//===- Plugin.cpp - the pipelines ----------------------------------------===//
//
//   popcorn-portable<O0|O1|O2|O3|Os|Oz>  once, on the merged program
//   popcorn-isa<x86_64|aarch64;O2>       once per ISA, to -popcorn-object=FILE
//
// popcorn-written-in and popcorn-refuse run in clang, first and last of its
// pipeline for a file.
//
// Each pass is also registered by its own name for tests and dumps.
//
//===----------------------------------------------------------------------===//
#include "popcorn/Passes.h"
#include "llvm/Analysis/InlineCost.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/PassPlugin.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Inliner.h"

using namespace llvm;
using namespace popcorn;

namespace {

// The compiler has inlined within its translation units, up to 225; this is
// for what they call of each other.  Each call that is left costs a landing
// pad, each that is not a copy of those of the callee: at 225 Lua's text grows
// by 30 % and at 100 by 12, for two thirds of the speed that is to be had.
constexpr int InlineThreshold = 100;

// The text between < and > of "name<text>", or null if Name is another pass.
std::optional<StringRef> parameters(StringRef Text, StringRef Name) {
  if (!Text.consume_front(Name))
    return std::nullopt;
  if (Text.empty())
    return Text;
  if (!Text.consume_front("<") || !Text.consume_back(">"))
    return std::nullopt;
  return Text;
}

void add(PassBuilder &PB, ModulePassManager &MPM, StringRef Pipeline) {
  cantFail(PB.parsePassPipeline(MPM, Pipeline));
}

// Os and Oz are O2 with attributes.
CodeGenOptLevel codeGenLevel(StringRef Level) {
  int Number;
  if (!Level.consume_front("O") || Level.getAsInteger(10, Number))
    return CodeGenOptLevel::Default;
  return CodeGenOpt::getLevel(Number).value_or(CodeGenOptLevel::Default);
}

void addPortable(PassBuilder &PB, ModulePassManager &MPM, StringRef Level) {
  bool Optimise = Level != "O0";
  MPM.addPass(AnnotationsPass());
  MPM.addPass(FloatsPass());
  MPM.addPass(InternalizePass());
  MPM.addPass(GlobalDCEPass());
  MPM.addPass(CheckPass());
  MPM.addPass(CallsPass());
  MPM.addPass(VariadicsPass());
  MPM.addPass(ComputedGotoPass());
  if (Optimise && Level != "O1")
    MPM.addPass(ModuleInlinerWrapperPass(getInlineParams(InlineThreshold)));
  if (Optimise) {
    add(PB, MPM,
        "function(sroa,early-cse<memssa>,simplifycfg<switch-to-lookup>,"
        "tailcallelim,loop-simplify,lcssa)");
    MPM.addPass(OffsetPhisPass());
  }
  MPM.addPass(PollsPass());
  // Behind the polls: a handler may run at one and jump to this activation.
  // Nothing between here and FramesPass may merge pads or inline.
  MPM.addPass(SetJmpPass());
  if (Optimise)
    add(PB, MPM, "function(sroa)");
  MPM.addPass(MayMigratePass());
  MPM.addPass(ReturnsPass());
  MPM.addPass(SideStackPass());
  MPM.addPass(FramesPass());
  if (Optimise)
    add(PB, MPM, "function(early-cse<memssa>,dse)");
  MPM.addPass(GlobalDCEPass());
  MPM.addPass(GlobalsPass());
}

void addISA(PassBuilder &PB, ModulePassManager &MPM, StringRef ISA,
            StringRef Level) {
  MPM.addPass(RetargetPass(ISA));
  if (Level != "O0") {
    add(PB, MPM,
        "function(loop-simplify,lcssa,loop-mssa(licm<allowspeculation>),"
        "loop-vectorize,infer-alignment,slp-vectorizer,vector-combine,"
        "instcombine<no-verify-fixpoint>,loop-unroll<O2>,"
        "loop-mssa(licm<allowspeculation>),early-cse<memssa>,div-rem-pairs)");
    MPM.addPass(SinkOffsetsPass());
  }
  MPM.addPass(ThreadGotoPass());
  MPM.addPass(PadsPass());
  MPM.addPass(EmitPass(codeGenLevel(Level)));
}

bool parseModulePass(PassBuilder &PB, StringRef Text, ModulePassManager &MPM) {
  if (auto P = parameters(Text, "popcorn-portable")) {
    addPortable(PB, MPM, P->empty() ? "O2" : *P);
    return true;
  }
  if (auto P = parameters(Text, "popcorn-isa")) {
    auto [ISA, Level] = P->split(';');
    addISA(PB, MPM, ISA, Level.empty() ? "O2" : Level);
    return true;
  }
  if (auto P = parameters(Text, "popcorn-retarget")) {
    MPM.addPass(RetargetPass(*P));
    return true;
  }
#define POPCORN_PASS(TEXT, NAME)                                               \
  if (Text == "popcorn-" TEXT) {                                               \
    MPM.addPass(NAME());                                                       \
    return true;                                                               \
  }
  POPCORN_PASS("annotations", AnnotationsPass)
  POPCORN_PASS("floats", FloatsPass)
  POPCORN_PASS("check", CheckPass)
  POPCORN_PASS("written-in", WrittenInPass)
  POPCORN_PASS("refuse", RefusePass)
  POPCORN_PASS("internalize", InternalizePass)
  POPCORN_PASS("calls", CallsPass)
  POPCORN_PASS("variadics", VariadicsPass)
  POPCORN_PASS("goto", ComputedGotoPass)
  POPCORN_PASS("setjmp", SetJmpPass)
  POPCORN_PASS("offset-phis", OffsetPhisPass)
  POPCORN_PASS("polls", PollsPass)
  POPCORN_PASS("may-migrate", MayMigratePass)
  POPCORN_PASS("returns", ReturnsPass)
  POPCORN_PASS("side-stack", SideStackPass)
  POPCORN_PASS("frames", FramesPass)
  POPCORN_PASS("globals", GlobalsPass)
  POPCORN_PASS("thread-goto", ThreadGotoPass)
  POPCORN_PASS("sink-offsets", SinkOffsetsPass)
  POPCORN_PASS("pads", PadsPass)
#undef POPCORN_PASS
  return false;
}

} // namespace

extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT ::llvm::PassPluginLibraryInfo
llvmGetPassPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "popcorn", "1", [](PassBuilder &PB) {
            // Clang's pipeline for a file.
            PB.registerPipelineStartEPCallback(
                [](ModulePassManager &MPM, OptimizationLevel) {
                  MPM.addPass(WrittenInPass());
                });
            PB.registerOptimizerLastEPCallback(
                [](ModulePassManager &MPM, OptimizationLevel) {
                  MPM.addPass(RefusePass());
                });
            PB.registerPipelineParsingCallback(
                [&PB](StringRef Text, ModulePassManager &MPM,
                      ArrayRef<PassBuilder::PipelineElement>) {
                  return parseModulePass(PB, Text, MPM);
                });
          }};
}
