// The contract's suite on real object stores.
#include "storage/store_contract_for_test.h"

#include "tests/storage/s3_places.h"

namespace holdfast::storage {
namespace {

using tests::Must;

Place MinioPlace(testbed::Minio& minio, const std::string& folder) {
  std::string bucket = tests::NewBucketName();
  Must(minio.MakeBucket(bucket));
  return {[&minio, bucket, folder]() -> std::unique_ptr<Store> {
            S3Config config = tests::ConfigFor(minio, bucket);
            config.folder = folder;
            return tests::Open(std::move(config));
          },
          [&minio, bucket] {
            (void)minio.Mc({"rb", "--force", "m/" + bucket});
          }};
}

Place MotoPlace() {
  testbed::Moto& moto = tests::TheMoto();
  std::string bucket = tests::NewBucketName();
  Must(moto.MakeBucket(bucket));
  return {[&moto, bucket]() -> std::unique_ptr<Store> {
            return tests::Open(tests::ConfigFor(moto, bucket));
          },
          [&moto, bucket] {
            (void)moto.Python(
                "import boto3, sys\n"
                "s3 = boto3.resource('s3', endpoint_url=sys.argv[1], region_name='us-east-1',\n"
                "                    aws_access_key_id='a', aws_secret_access_key='b')\n"
                "bucket = s3.Bucket(sys.argv[2])\n"
                "bucket.objects.all().delete()\n"
                "bucket.delete()\n",
                {moto.url(), bucket});
          }};
}

INSTANTIATE_TEST_SUITE_P(
    S3, StoreContract,
    ::testing::Values(Factory{"MinioPlain", [] { return MinioPlace(tests::MinioPlain(), ""); }},
                      Factory{"MinioTls",
                              [] { return MinioPlace(tests::MinioTls(), "a/folder of ours"); }},
                      Factory{"Moto", [] { return MotoPlace(); }}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace holdfast::storage
