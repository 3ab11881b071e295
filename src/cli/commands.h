// One function a command: adds it to the program and, when it is chosen, sets Session::action.
#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace holdfast::cli {

struct Session;

void AddBackupCommand(CLI::App& app, Session& session);
void AddRestoreCommand(CLI::App& app, Session& session);
void AddListCommand(CLI::App& app, Session& session);
void AddShowCommand(CLI::App& app, Session& session);
void AddVerifyCommand(CLI::App& app, Session& session);
void AddDiffCommand(CLI::App& app, Session& session);
void AddResourceSetCommand(CLI::App& app, Session& session);
void AddEtcdCommand(CLI::App& app, Session& session);
void AddPruneCommand(CLI::App& app, Session& session);
void AddCopyCommand(CLI::App& app, Session& session);
void AddStoreCommand(CLI::App& app, Session& session);
void AddOperatorCommand(CLI::App& app, Session& session);
void AddCompletionCommand(CLI::App& app, Session& session);
void AddVersionCommand(CLI::App& app, Session& session);

}  // namespace holdfast::cli
