# The lab as a page: 128-bit vectors, WebGL 2, four programs from one compilation. `./run build web` puts them into build/site.
#
#   lab          for any server: one thread, the trainer has slices of time between frames
#   lab-threads  for a page that may share memory (COOP and COEP headers): the trainer and its pool have threads
#   lab-fma, lab-threads-fma  the same for browsers with relaxed vectors, which train W1 in five sixths of the time
#
# Everything is compiled with -pthread, which a program without shared memory may contain, and linked four times: a file that is
# named below stands for that of its kind in a library (pool_serial.cpp for pool_threads.cpp).

include(cmake/lab.cmake)
target_compile_definitions(unpick_imgui PUBLIC IMGUI_IMPL_OPENGL_ES3)

set(UNPICK_LINK -O2 -fwasm-exceptions -sMIN_WEBGL_VERSION=2 -sMAX_WEBGL_VERSION=2 -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=134217728
  -sMAXIMUM_MEMORY=2147483648 -sTOTAL_STACK=2097152 -sFILESYSTEM=0 -sMODULARIZE=1 -sEXPORT_NAME=UnpickLab
  -sEXPORTED_RUNTIME_METHODS=ccall,UTF8ToString -sEXPORTED_FUNCTIONS=_main,_malloc,_free)

# What everybody downloads: small, but for the kernels. What draws comes a few times a second; Eigen wants its small functions inlined,
# and this compiler does not inline them for -Os.
foreach(library unpick_imgui unpick_ui unpick_gl)
  target_compile_options(${library} PRIVATE -Os)
endforeach()
foreach(library unpick_core unpick_study unpick_either)
  target_compile_options(${library} PRIVATE -O2 "SHELL:-mllvm -inline-threshold=50")
endforeach()
if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  target_include_directories(unpick_flags SYSTEM INTERFACE web/clang14)
endif()

add_library(unpick_page OBJECT web/lab.cpp web/record.cpp web/export.cpp web/bench.cpp)
target_link_libraries(unpick_page PUBLIC unpick_gl unpick_study)
unpick_together(unpick_page 4 <Eigen/Core> <imgui.h>)

# The kernels once more, for browsers that fuse a product and a sum (relaxed vectors): named in a program, they stand for the library's.
add_library(unpick_relaxed OBJECT ${UNPICK_KERNELS} core/backend/isa_single.cpp)
target_link_libraries(unpick_relaxed PRIVATE unpick_flags)
target_compile_options(unpick_relaxed PRIVATE -mrelaxed-simd)
set_source_files_properties(core/backend/isa_single.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  enable_language(C)
  set(unwinder ${EMSCRIPTEN_ROOT_PATH}/system/lib/libunwind)
  add_library(unpick_unwind OBJECT web/clang14/unwind.c)
  target_include_directories(unpick_unwind SYSTEM PRIVATE ${unwinder}/src ${unwinder}/include)
  target_compile_definitions(unpick_unwind PRIVATE __USING_WASM_EXCEPTIONS__ _LIBUNWIND_DISABLE_VISIBILITY_ANNOTATIONS)
  target_compile_options(unpick_unwind PRIVATE -pthread -fwasm-exceptions)
  find_program(NODE node REQUIRED NO_CMAKE_FIND_ROOT_PATH)
endif()

foreach(kernels "" -fma)
  add_executable(lab${kernels} web/runner_slices.cpp core/base/pool_serial.cpp)
  target_link_options(lab${kernels} PRIVATE ${UNPICK_LINK} -sENVIRONMENT=web,worker)

  add_executable(lab-threads${kernels} web/parking_futex.cpp)
  target_link_options(lab-threads${kernels} PRIVATE ${UNPICK_LINK} -sENVIRONMENT=web,worker -pthread
    -sPTHREAD_POOL_SIZE=Module.workers -Wno-pthreads-mem-growth)
  if(TARGET unpick_unwind)
    target_link_libraries(lab-threads${kernels} PRIVATE unpick_unwind)
  endif()

  foreach(program lab${kernels} lab-threads${kernels})
    target_link_libraries(${program} PRIVATE unpick_page)
    if(kernels)
      target_link_libraries(${program} PRIVATE unpick_relaxed)
      if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
        add_custom_command(TARGET ${program} POST_BUILD VERBATIM
          COMMAND ${NODE} ${PROJECT_SOURCE_DIR}/web/clang14/renumber.mjs $<TARGET_FILE_DIR:${program}>/${program}.wasm)
      endif()
    endif()
  endforeach()
endforeach()
