// See outline.h.
#include "core/graph/outline.h"

#include <algorithm>
#include <map>
#include <set>

namespace unpick {

std::vector<OutlineBox> outline(const Graph& graph, Var loss, std::span<const Binding> parameters) {
  std::vector<OutlineBox> boxes(1);
  std::map<int, size_t> place{{0, 0}};            // of a scope
  std::vector<std::set<size_t>> from(1), behind;  // behind[row]: the boxes that its result comes from
  behind.reserve(graph.nodes().size());
  for (size_t row = 0; row < graph.nodes().size(); ++row) {
    const Node& n = graph.nodes()[row];
    std::set<size_t> taken;
    for (const int operand : n.in)
      if (operand >= 0) taken.insert(behind[static_cast<size_t>(operand)].begin(), behind[static_cast<size_t>(operand)].end());
    if (n.scope == 0 && n.op != Op::Input) {
      behind.push_back(std::move(taken));
      continue;
    }
    const auto [at, fresh] = place.try_emplace(n.scope, boxes.size());
    if (fresh) {
      boxes.emplace_back().scope = graph.scopes()[static_cast<size_t>(n.scope)];
      from.emplace_back();
    }
    OutlineBox& box = boxes[at->second];
    behind.push_back({at->second});
    if (static_cast<int>(row) > loss.id) {
      ++box.backward;
      continue;
    }
    ++box.forward;
    if (n.op == Op::Input) continue;
    box.result = n.shape;
    const std::string verb = info(n.op).name;
    if (std::find(box.verbs.begin(), box.verbs.end(), verb) == box.verbs.end()) box.verbs.push_back(verb);
    taken.erase(at->second);
    from[at->second].merge(taken);
  }
  for (const Binding& p : parameters) boxes[place.at(p.row.node().scope)].parameters += p.row.shape().size();
  for (size_t b = 0; b < boxes.size(); ++b) boxes[b].from.assign(from[b].begin(), from[b].end());
  return boxes;
}

}  // namespace unpick
