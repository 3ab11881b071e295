// Writes what a control plane's components and users read: certificates, tokens, kubeconfigs.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "testbed/control_plane_args.h"

namespace holdfast::testbed {

// Certificates, service-account key, audit policy; the same whatever the ports. Draws the tokens
// that `options.users` leaves empty and writes the token file.
Status WriteIdentities(const ControlPlaneFiles& files, ControlPlaneOptions& options);
// The kubeconfigs of the administrator, the users and the controller manager.
Status WriteKubeconfigs(const ControlPlaneFiles& files, const ControlPlaneOptions& options,
                        const std::string& server_url);

}  // namespace holdfast::testbed
