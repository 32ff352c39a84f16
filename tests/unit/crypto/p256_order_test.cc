#include "crypto/p256_order.h"

#include <gtest/gtest.h>

#include <random>

#include "hex.h"
#include "pem.h"

namespace handsel::crypto {
namespace {

constexpr char kOrder[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
constexpr char kOrderLessOne[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
constexpr char kZero[] = "0000000000000000000000000000000000000000000000000000000000000000";
constexpr char kOne[] = "0000000000000000000000000000000000000000000000000000000000000001";
constexpr char kAllOnes[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

std::string text(const OrderElement& value) {
  std::array<std::uint8_t, 32> bytes;
  order_to_bytes(value, bytes);
  return to_hex(bytes);
}

/// The same by libcrypto's numbers.
class Reference {
 public:
  std::string mul(Bytes a, Bytes b) { return binary(BN_mod_mul, a, b); }
  std::string add(Bytes a, Bytes b) { return binary(BN_mod_add, a, b); }

 private:
  using Function = int (*)(BIGNUM*, const BIGNUM*, const BIGNUM*, const BIGNUM*, BN_CTX*);
  std::string binary(Function function, Bytes a, Bytes b) {
    const BnHandle left(BN_bin2bn(a.data(), 32, nullptr));
    const BnHandle right(BN_bin2bn(b.data(), 32, nullptr));
    const BnHandle order(BN_bin2bn(from_hex(kOrder).data(), 32, nullptr));
    const BnHandle result(BN_new());
    function(result.get(), left.get(), right.get(), order.get(), context_.get());
    std::array<std::uint8_t, 32> bytes;
    BN_bn2binpad(result.get(), bytes.data(), 32);
    return to_hex(bytes);
  }
  BnContext context_{BN_CTX_new()};
};

std::vector<std::vector<std::uint8_t>> samples() {
  std::vector<std::vector<std::uint8_t>> all{from_hex(kZero), from_hex(kOne), from_hex(kOrder), from_hex(kOrderLessOne),
                                             from_hex(kAllOnes)};
  std::mt19937 generator(6979);
  for (int i = 0; i < 60; ++i) {
    auto& bytes = all.emplace_back(32);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(generator());
  }
  return all;
}

TEST(P256Order, sums_and_products_are_those_of_libcrypto) {
  Reference reference;
  for (const auto& a : samples()) {
    for (const auto& b : samples()) {
      const OrderElement left = order_from_bytes(a);
      const OrderElement right = order_from_bytes(b);
      ASSERT_EQ(text(order_mul(order_to_montgomery(left), right)), reference.mul(a, b))
          << to_hex(a) << " " << to_hex(b);
      ASSERT_EQ(text(order_add(left, right)), reference.add(a, b));
    }
  }
}

TEST(P256Order, inverse_times_value_is_one_and_zero_has_none) {
  for (const auto& bytes : samples()) {
    const OrderElement value = order_to_montgomery(order_from_bytes(bytes));
    const OrderElement product = order_mul(order_invert(value), value);
    ASSERT_EQ(text(order_from_montgomery(product)), order_is_zero(value) ? kZero : kOne);
  }
}

TEST(P256Order, values_inverted_together_are_those_inverted_alone) {
  std::vector<OrderElement> values;
  for (const auto& bytes : samples()) {
    const OrderElement value = order_to_montgomery(order_from_bytes(bytes));
    if (!order_is_zero(value)) values.push_back(value);
  }
  for (std::size_t count = 1; count <= 8; ++count) {
    std::vector<OrderElement> together(values.begin(), values.begin() + static_cast<long>(count));
    order_invert_all(together);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(text(together[i]), text(order_invert(values[i])));
  }
}

TEST(P256Order, valid_scalars_lie_between_zero_and_the_order) {
  EXPECT_FALSE(order_is_valid_scalar(from_hex(kZero)));
  EXPECT_TRUE(order_is_valid_scalar(from_hex(kOne)));
  EXPECT_TRUE(order_is_valid_scalar(from_hex(kOrderLessOne)));
  EXPECT_FALSE(order_is_valid_scalar(from_hex(kOrder)));
  EXPECT_FALSE(order_is_valid_scalar(from_hex(kAllOnes)));
}

TEST(P256Order, any_bytes_are_brought_into_range) {
  for (const auto& bytes : samples()) {
    auto scalar = bytes;
    order_make_valid_scalar(scalar);
    EXPECT_TRUE(order_is_valid_scalar(scalar));
    if (order_is_valid_scalar(bytes)) {
      EXPECT_EQ(scalar, bytes);
    }
  }
}

}  // namespace
}  // namespace handsel::crypto
