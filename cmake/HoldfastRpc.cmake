# holdfast_etcd_rpc(PROTO...)
# The library etcd_rpc: messages and stubs that protoc makes from our own .proto files at build time.
# Only src/etcd/client may include them, as "etcd/client/NAME.pb.h" and "etcd/client/NAME.grpc.pb.h".
find_program(HOLDFAST_PROTOC protoc REQUIRED)
find_program(HOLDFAST_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)
# Not by pkg-config, which takes minutes over what grpc++.pc requires in turn.
foreach(name grpc++ grpc gpr protobuf absl_synchronization)
  find_library(HOLDFAST_LIB_${name} ${name} REQUIRED)
  list(APPEND HOLDFAST_RPC_LIBS ${HOLDFAST_LIB_${name}})
endforeach()

function(holdfast_etcd_rpc)
  set(out ${CMAKE_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  foreach(proto ${ARGN})
    get_filename_component(name ${proto} NAME_WE)
    set(base ${out}/etcd/client/${name})
    add_custom_command(
      OUTPUT ${base}.pb.cc ${base}.pb.h ${base}.grpc.pb.cc ${base}.grpc.pb.h
      COMMAND ${HOLDFAST_PROTOC} -I ${CMAKE_SOURCE_DIR}/src --cpp_out=${out} --grpc_out=${out}
              --plugin=protoc-gen-grpc=${HOLDFAST_GRPC_PLUGIN} ${proto}
      DEPENDS ${proto}
      VERBATIM)
    list(APPEND sources ${base}.pb.cc ${base}.grpc.pb.cc)
  endforeach()
  add_library(etcd_rpc STATIC ${sources})
  target_include_directories(etcd_rpc SYSTEM PUBLIC ${out})
  target_link_libraries(etcd_rpc PUBLIC ${HOLDFAST_RPC_LIBS})
endfunction()
