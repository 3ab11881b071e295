// KMS v2 plugins, by gRPC over their Unix sockets.
#pragma once

#include "crypto/kms.h"

namespace holdfast::etcd {

// For crypto::Transformers::Build(). Sockets are "unix:///path", or "unix:///@name" in Linux's
// abstract namespace.
crypto::KmsConnector GrpcKms();

}  // namespace holdfast::etcd
