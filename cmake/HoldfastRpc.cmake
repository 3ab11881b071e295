# holdfast_etcd_rpc(PROTO)
# The library etcd_rpc: messages and stubs that protoc makes from our own .proto file at build time.
# Only src/etcd/client may include them, as "etcd/client/rpc.pb.h" and "etcd/client/rpc.grpc.pb.h".
find_program(HOLDFAST_PROTOC protoc REQUIRED)
find_program(HOLDFAST_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)
# Not by pkg-config, which takes minutes over what grpc++.pc requires in turn.
foreach(name grpc++ grpc gpr protobuf absl_synchronization)
  find_library(HOLDFAST_LIB_${name} ${name} REQUIRED)
  list(APPEND HOLDFAST_RPC_LIBS ${HOLDFAST_LIB_${name}})
endforeach()

function(holdfast_etcd_rpc proto)
  set(out ${CMAKE_BINARY_DIR}/generated)
  set(base ${out}/etcd/client/rpc)
  file(MAKE_DIRECTORY ${out})
  add_custom_command(
    OUTPUT ${base}.pb.cc ${base}.pb.h ${base}.grpc.pb.cc ${base}.grpc.pb.h
    COMMAND ${HOLDFAST_PROTOC} -I ${CMAKE_SOURCE_DIR}/src --cpp_out=${out} --grpc_out=${out}
            --plugin=protoc-gen-grpc=${HOLDFAST_GRPC_PLUGIN} ${proto}
    DEPENDS ${proto}
    VERBATIM)
  add_library(etcd_rpc STATIC ${base}.pb.cc ${base}.grpc.pb.cc)
  target_include_directories(etcd_rpc SYSTEM PUBLIC ${out})
  target_link_libraries(etcd_rpc PUBLIC ${HOLDFAST_RPC_LIBS})
endfunction()
