//===- Runtime.h - the run time's functions as IR declarations -----------===//
//
// The one place where passes name what pcn/abi.h declares.
//
//===----------------------------------------------------------------------===//
#ifndef POPCORN_RUNTIME_H
#define POPCORN_RUNTIME_H

#include "llvm/IR/Module.h"

namespace popcorn {

class Runtime {
  llvm::Module &M;
  llvm::LLVMContext &C;
  llvm::Type *Void, *I32, *Ptr;

  llvm::FunctionCallee get(llvm::StringRef Name, llvm::Type *Ret,
                           llvm::ArrayRef<llvm::Type *> Args) {
    return M.getOrInsertFunction(Name,
                                 llvm::FunctionType::get(Ret, Args, false));
  }

public:
  explicit Runtime(llvm::Module &M)
      : M(M), C(M.getContext()), Void(llvm::Type::getVoidTy(C)),
        I32(llvm::Type::getInt32Ty(C)), Ptr(llvm::PointerType::getUnqual(C)) {}

  static constexpr const char PollName[] = "__popcorn_poll";
  static constexpr const char PersonalityName[] = "__popcorn_personality";
  static constexpr const char EntryName[] = "__popcorn_start_c";

  llvm::GlobalVariable *pollFlag() {
    auto *G = llvm::cast<llvm::GlobalVariable>(
        M.getOrInsertGlobal("__popcorn_poll_flag", I32));
    G->setDSOLocal(true);
    return G;
  }
  llvm::FunctionCallee poll() { return get(PollName, Void, {}); }
  llvm::FunctionCallee capture() {
    return get("__popcorn_capture", Ptr, {I32, I32});
  }
  llvm::FunctionCallee recapture() {
    return get("__popcorn_recapture", Void, {Ptr, I32});
  }
  /// Ends a pad: goes on unwinding.
  llvm::FunctionCallee goOn() {
    llvm::FunctionCallee Callee = get("__popcorn_continue", Void, {});
    auto *F = llvm::cast<llvm::Function>(Callee.getCallee());
    F->setDoesNotReturn();
    F->addFnAttr(llvm::Attribute::Cold);
    return Callee;
  }
  llvm::FunctionCallee capturing() {
    return get("__popcorn_capturing", I32, {});
  }
  llvm::FunctionCallee release() {
    return get("__popcorn_release", Void, {Ptr});
  }
  llvm::FunctionCallee resumeInner() {
    return get("__popcorn_resume_inner", Void, {Ptr});
  }
  llvm::FunctionCallee caught() { return get("__popcorn_caught", I32, {Ptr}); }
  llvm::Function *personality() {
    auto *F = llvm::cast<llvm::Function>(
        M.getOrInsertFunction(PersonalityName,
                              llvm::FunctionType::get(I32, true))
            .getCallee());
    F->setDSOLocal(true);
    return F;
  }
  /// The side-stack pointer of the calling thread.
  llvm::GlobalVariable *sideStackPointer() {
    if (auto *G = M.getNamedGlobal("__popcorn_side_sp"))
      return G;
    auto *G = new llvm::GlobalVariable(
        M, Ptr, false, llvm::GlobalValue::ExternalLinkage, nullptr,
        "__popcorn_side_sp", nullptr, llvm::GlobalValue::LocalExecTLSModel);
    G->setDSOLocal(true);
    return G;
  }
};

} // namespace popcorn

#endif
