// See evaluation.h.
#include "core/metrics/evaluation.h"

#include <algorithm>
#include <cmath>

namespace unpick {

Evaluation::Evaluation(std::vector<Task> tasks) : tasks_(std::move(tasks)) {}

bool Evaluation::step(Pool& pool) {
  if (task_ == tasks_.size()) return false;
  const Task& task = tasks_[task_];
  current_ = task.name;
  if (outcomes_.size() == task_) outcomes_.push_back({task.name, task.seeds, {}, {}});
  try {
    if (!job_) {
      job_ = task.start(task.seeds[seed_]);
      piece_ = 0;
    } else if (piece_ < job_->pieces) {
      piece_ += job_->run(piece_, pool);
    } else {
      outcomes_[task_].reports.push_back(job_->report());
      job_.reset();
      if (++seed_ == task.seeds.size()) finish_task();
    }
  } catch (const Error& error) {
    outcomes_[task_].error = error;
    finish_task();
  }
  return true;
}

void Evaluation::finish_task() {
  job_.reset();
  seed_ = 0;
  ++task_;
}

double Evaluation::done() const {
  double all = 0, finished = 0;
  for (size_t t = 0; t < tasks_.size(); ++t) {
    const double each = tasks_[t].duration, whole = each * static_cast<double>(tasks_[t].seeds.size());
    all += whole;
    if (t < task_) finished += whole;
    if (t == task_) finished += each * (static_cast<double>(seed_) + (job_ ? static_cast<double>(piece_) / (job_->pieces + 1) : 0));
  }
  return all > 0 ? finished / all : 1;
}

Report over_seeds(const std::vector<Report>& reports) {
  Report result;
  if (reports.empty()) return result;
  const auto n = static_cast<double>(reports.size());
  for (const Quantity& q : reports.front().quantities()) {
    const auto same = [&](const Report& r) {
      return r.has(q.name) && r.value(q.name).rows() == q.value.rows() && r.value(q.name).cols() == q.value.cols();
    };
    if (!std::all_of(reports.begin(), reports.end(), same)) continue;
    Eigen::ArrayXXd mean = Eigen::ArrayXXd::Zero(q.value.rows(), q.value.cols()), square = mean;
    Eigen::VectorXd values(reports.size());
    for (size_t i = 0; i < reports.size(); ++i) {
      mean += reports[i].value(q.name).array() / n;
      if (q.rank == 0) values(static_cast<Eigen::Index>(i)) = reports[i].number(q.name);
    }
    for (const Report& r : reports) square += (r.value(q.name).array() - mean).square();
    const Eigen::MatrixXd deviation = (square / std::max(1.0, n - 1)).sqrt();
    Report part;
    for (const auto& [name, value] : {std::pair<const char*, Eigen::MatrixXd>{"mean", mean.matrix()}, {"sd", deviation}}) {
      if (q.rank == 0) part.add(name, value(0, 0));
      if (q.rank == 1) part.add(name, Eigen::VectorXd(value.col(0)));
      if (q.rank == 2) part.add(name, value);
    }
    if (q.rank == 0) part.add("values", values);
    part.add("n", n);
    result.add(q.name, part);
  }
  return result;
}

}  // namespace unpick
