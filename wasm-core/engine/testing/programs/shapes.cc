// Virtual calls, templates, containers and strings of the C++ library.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
  virtual std::string name() const = 0;
};

struct Circle : Shape {
  double radius;
  explicit Circle(double r) : radius(r) {}
  double area() const override { return 3.14159265358979 * radius * radius; }
  std::string name() const override { return "circle"; }
};

struct Polygon : Shape {
  std::vector<std::pair<double, double>> corners;
  explicit Polygon(unsigned n) {
    for (unsigned i = 0; i < n; i++) corners.emplace_back(std::cos(6.283185307 * i / n), std::sin(6.283185307 * i / n));
  }
  double area() const override {
    double sum = 0;
    for (size_t i = 0; i < corners.size(); i++) {
      auto [x, y] = corners[i];
      auto [u, v] = corners[(i + 1) % corners.size()];
      sum += x * v - u * y;
    }
    return std::fabs(sum) / 2;
  }
  std::string name() const override { return std::to_string(corners.size()) + "-gon"; }
};

template <typename T>
static T folded(const std::vector<T> &values, T (*combine)(T, T), T start) {
  for (const T &value : values) start = combine(start, value);
  return start;
}

int main() {
  std::vector<std::unique_ptr<Shape>> shapes;
  for (unsigned i = 3; i < 12; i++) {
    shapes.push_back(std::make_unique<Polygon>(i));
    shapes.push_back(std::make_unique<Circle>(0.1 * i));
  }
  std::stable_sort(shapes.begin(), shapes.end(), [](const auto &a, const auto &b) { return a->area() < b->area(); });
  std::map<std::string, std::vector<double>> areas;
  for (const auto &shape : shapes) areas[shape->name()].push_back(shape->area());
  for (const auto &[name, list] : areas)
    std::printf("%s: %zu, %.9f in all\n", name.c_str(), list.size(),
                folded<double>(list, [](double a, double b) { return a + b; }, 0.0));
  std::vector<unsigned long long> steps;
  for (unsigned long long n = 27; n != 1; n = n % 2 ? 3 * n + 1 : n / 2) steps.push_back(n);
  auto most = [](unsigned long long a, unsigned long long b) { return a > b ? a : b; };
  std::printf("27 takes %zu steps, up to %llu\n", steps.size(), folded<unsigned long long>(steps, most, 0));
}
