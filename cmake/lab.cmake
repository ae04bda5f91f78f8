# The front end that every host shares: unpick_imgui (not ours: no warnings), unpick_ui (knows no platform), unpick_gl (OpenGL 3, ES 3).

add_library(unpick_imgui STATIC ${IMGUI_DIR}/imgui.cpp ${IMGUI_DIR}/imgui_draw.cpp ${IMGUI_DIR}/imgui_tables.cpp
  ${IMGUI_DIR}/imgui_widgets.cpp ${IMGUI_DIR}/backends/imgui_impl_opengl3.cpp)
target_include_directories(unpick_imgui SYSTEM PUBLIC ${IMGUI_DIR})
target_compile_definitions(unpick_imgui PUBLIC IMGUI_DISABLE_DEMO_WINDOWS IMGUI_DISABLE_METRICS_WINDOW IMGUI_DISABLE_DEBUG_TOOLS
  IMGUI_DISABLE_OBSOLETE_FUNCTIONS)
target_compile_options(unpick_imgui PRIVATE -w)
if(NOT EMSCRIPTEN)
  target_compile_options(unpick_imgui PRIVATE ${UNPICK_COLD})
endif()

set(inter_source ${PROJECT_BINARY_DIR}/inter.cpp)
add_custom_command(OUTPUT ${inter_source}
  COMMAND ${PYTHON3} ${PROJECT_SOURCE_DIR}/ui/embed_inter.py ${inter_source}
    regular=${UNPICK_INTER}/Inter-Regular.otf medium=${UNPICK_INTER}/Inter-Medium.otf
  DEPENDS ui/embed_inter.py ${UNPICK_INTER}/Inter-Regular.otf ${UNPICK_INTER}/Inter-Medium.otf)

add_library(unpick_inter STATIC ${inter_source})

file(GLOB UNPICK_UI CONFIGURE_DEPENDS ui/*.cpp ui/views/*.cpp)
add_library(unpick_ui STATIC ${UNPICK_UI})
target_link_libraries(unpick_ui PUBLIC unpick_study unpick_imgui PRIVATE unpick_inter)
unpick_together(unpick_ui 8 <Eigen/Core> <imgui.h>)
set_source_files_properties(ui/runner_thread.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)  # a page brings its own

add_library(unpick_gl STATIC gl/screen.cpp)
target_link_libraries(unpick_gl PUBLIC unpick_ui)
