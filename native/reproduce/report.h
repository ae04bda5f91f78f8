// What a reproduction leaves behind: figN.json with every number, figN.png, and report.html, one page that needs no other file.
//
// The page is made from the figures that lie in the folder, so figures can be made one by one and an interrupted run leaves a page
// of those that are finished.
#pragma once

#include "native/reproduce/figure.h"

namespace unpick::reproduce {

struct Circumstances {
  std::string command;
  int seeds;
  bool quick;
  int threads;
  int64_t steps;  // of training, all runs together
  double seconds;
};

Json to_json(const FigureRow& row, const Figure& figure, const Circumstances& how);

// Makes the folder if needed. Error(failed) if it cannot be written to.
void prepare_folder(const std::string& folder);
void write_figure(const std::string& folder, const FigureRow& row, const Figure& figure, const Json& json);
// Error(data) if a figN.json in the folder is not one of ours.
void write_report(const std::string& folder);

}  // namespace unpick::reproduce
