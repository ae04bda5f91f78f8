// The figures of the papers, as a table: each trains what it needs over several seeds, measures, judges and draws.
//
// A claim is a sentence of the source with a number of ours and the line that it must meet. A claim that fails is a finding: it is
// reported with its number, and nothing is tuned until it passes. What the source does not say is listed as our choice.
//
// To add a figure: a file of its own with a function that returns a Figure, and its row in figures.cpp.
// Read next: native/reproduce/workshop.h, native/reproduce/fig2.cpp
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "native/io/png.h"
#include "native/reproduce/workshop.h"

namespace unpick::reproduce {

using Json = nlohmann::ordered_json;

enum class Badge { theorem, computed };  // holds by proof, here only confirmed; or is an outcome of training
const char* name(Badge badge);           // "theorem", "computed now"

struct Claim {
  std::string rows;      // of the table of claims in docs/reproductions.md: "19, 27"
  std::string sentence;  // what the source says
  std::string measure;   // what was measured: "mean DtO, diagonal, last step"
  double value;
  std::string bound;  // "< 0.05"
  bool pass;          // false if `value` is not a number
  Badge badge = Badge::computed;
};
Claim below(std::string rows, std::string sentence, std::string measure, double value, double bound);
Claim above(std::string rows, std::string sentence, std::string measure, double value, double bound);
Claim within(std::string rows, std::string sentence, std::string measure, double value, double centre, double reach);

struct Figure {
  std::string title;                 // states what is seen
  std::vector<std::string> choices;  // ours, where the source could not be found
  std::string source;                // what the paper shows there
  std::vector<Claim> claims;
  Json numbers;  // every number that was measured, by arm and seed
  io::Image picture;
};

struct FigureRow {
  const char* name;     // "fig2"
  const char* label;    // on the page: "Figure 2"
  const char* summary;  // one line, for --help
  Figure (*make)(Workshop& workshop);
};
std::span<const FigureRow> figures();
const FigureRow& figure(const std::string& name);  // Error(usage) naming the nearest one

// A title states what is seen, so it may not be said when it is not: `claimed` if every claim holds, else `neutral`.
std::string title_for(const Figure& figure, const std::string& claimed, const std::string& neutral);

// Over seeds.
struct Spread {
  double mean, low, high, sd;  // sd with n - 1; 0 for a single value
};
Spread spread(std::span<const double> values);
// Half the width of the 95 % confidence interval of their mean (Student's t); NaN for a single value.
double confidence(std::span<const double> values);
Json to_json(std::span<const double> values);                           // {"mean", "sd", "values"}; what is not finite becomes null
double spearman(std::span<const double> x, std::span<const double> y);  // rank correlation, ties by mean rank; NaN if constant
// How often a random split of the values into groups of these sizes has a mean of the first as far below that of the second: the
// exact one-sided permutation test. Groups of up to 12 in all are split in every way, larger ones 10,000 times at random.
double permutation_p(const std::vector<double>& lower, const std::vector<double>& higher);

Figure fig1(Workshop& workshop);
Figure fig2(Workshop& workshop);
Figure fig3(Workshop& workshop);
Figure fig4(Workshop& workshop);
Figure fig5(Workshop& workshop);
Figure fig6(Workshop& workshop);
Figure fig7(Workshop& workshop);
Figure overlap(Workshop& workshop);
Figure implicit(Workshop& workshop);
Figure pinwheel(Workshop& workshop);
Figure priors(Workshop& workshop);
Figure sparsity(Workshop& workshop);
Figure tradeoff(Workshop& workshop);
Figure pareto(Workshop& workshop);
Figure rotation(Workshop& workshop);

}  // namespace unpick::reproduce
