// Fields that an API server does not let be updated, and what can be done about them: the object is
// deleted and created again, where that loses nothing else.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/types.h"
#include "restore/api.h"
#include "restore/comparable.h"

namespace holdfast::restore {

// Whether an update was refused because of a field that cannot be updated: the server says so, or
// it would take `body` (without resourceVersion) as a new object, which a dry run of a create
// shows. May send that dry run. False where the server's answer tells neither.
bool RefusedAsImmutable(Api& api, const kube::ResourceType& type, std::string_view ns,
                        std::string_view body, const Error& refusal);

// "cannot update: spec.clusterIP is immutable (spec.clusterIP differs)". Fields only, never values:
// the server's own text may quote them.
std::string ImmutableText(Special special, const Error& refusal, std::string_view archived,
                          std::string_view live);

// Why the live object is not deleted to be created again; empty: it may be. RoleBindings and
// ClusterRoleBindings always may, for there is no other way to update their roleRef, as
// `kubectl auth reconcile` does; other objects when `asked` for. Never what holds other things
// (namespaces, CustomResourceDefinitions, nodes), volumes and claims, and objects with finalizers,
// whose controllers would clean up after them.
std::string WhyNotRecreated(const kube::ResourceType& type, std::string_view live, bool asked);

// How dependents are treated when such an object is deleted: Orphan where they may be worth keeping
// (pods of a StatefulSet, whatever a custom resource owns), else Background.
std::string RecreatePropagation(const kube::ResourceType& type, bool custom);

// The live object's text as it can be created again.
std::string FormerBody(std::string_view live);

// For servers that refuse the dry run of an update, because a webhook has side effects: the first
// field that differs and cannot be updated, by the API's documentation; empty: none is known to.
std::string KnownImmutableField(const kube::ResourceType& type, Special special,
                                std::string_view archived, std::string_view live);

inline constexpr std::string_view kRecreateHint =
    "--recreate-immutable (spec.recreateImmutable of a Restore) deletes it and creates it again";

}  // namespace holdfast::restore
