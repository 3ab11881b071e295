// One function a command: adds it to the program and, when it is chosen, sets Session::action.
#pragma once

#include <memory>

#include "cli/command.h"

namespace holdfast::cli {

struct Session;

void AddBackupCommand(Command app, Session& session);
void AddRestoreCommand(Command app, Session& session);
void AddListCommand(Command app, Session& session);
void AddShowCommand(Command app, Session& session);
void AddVerifyCommand(Command app, Session& session);
void AddDiffCommand(Command app, Session& session);
void AddResourceSetCommand(Command app, Session& session);
void AddEtcdCommand(Command app, Session& session);
void AddPruneCommand(Command app, Session& session);
void AddCopyCommand(Command app, Session& session);
void AddStoreCommand(Command app, Session& session);
void AddOperatorCommand(Command app, Session& session);
void AddCompletionCommand(CLI::App& app, Session& session);
void AddVersionCommand(Command app, Session& session);

}  // namespace holdfast::cli
