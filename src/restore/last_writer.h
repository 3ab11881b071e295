// Which client has written an object last, as far as its managedFields say.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::restore {

// The component of the control plane ("kube-controller-manager", "kubelet", ...) whose entry in
// metadata.managedFields has the latest time; empty when another client's has, or there is none.
// Such a component reacts to what was restored (taints of a Node, the CA of a token), and would do
// so again: its changes are reported, not undone. Times have seconds: of several entries of the
// same second, the component's counts.
std::string LastControlPlaneWriter(std::string_view object);

}  // namespace holdfast::restore
