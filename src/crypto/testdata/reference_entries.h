// Entries out of archives that Rancher's backup-restore operator wrote, with the plain form of the
// same objects, and values that Kubernetes' apiserver library v0.36.3 sealed under fixed keys (the
// aescbc ones also checked with `openssl enc -d`).
#pragma once

#include <string_view>

namespace holdfast::crypto {

inline constexpr std::string_view kAescbcSecretsConfig =
    R"(apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources:
  - secrets
  providers:
  - aescbc:
      keys:
      - name: key1
        secret: 565EfjOsbBTSaNdM7iEKLZKNMJkEMWzSLy0GDRzxdTE=
  - identity: {}
)";

inline constexpr std::string_view kAesgcmSecretsConfigmapsConfig =
    R"(apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources:
  - secrets
  - configmaps
  providers:
  - aesgcm:
      keys:
      - name: key1
        secret: D473pWizEzQKDr70GD4Dg8u5vfamS7Z9msLEsbZWPbI=
      - name: older
        secret: RJ1V0STqiOpwP9SRcoNE5g==
)";

inline constexpr std::string_view kSecretboxAllConfig =
    R"(apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources:
  - '*.*'
  providers:
  - secretbox:
      keys:
      - name: box-1
        secret: iF7vssNBOvVUp9mBzs04vZtce4H67pDb0EtHlk4sKS8=
  - identity: {}
)";

struct ReferenceEntry {
  std::string_view config;
  std::string_view plural, group, data_context;
  std::string_view stored, plain;
};

inline constexpr ReferenceEntry kReferenceEntries[] = {
    {kAescbcSecretsConfig, "secrets", "", "cattle-system#no-data-a",
     "\"azhzOmVuYzphZXNjYmM6djE6a2V5MToeX8VGGhwA8lMMpTGJkus8IjLz17LIde37bUV/J/FCxXMdpNKhQ50Vwp"
     "p2oHvrh0P8OgmpsX0Ph1ZDr1I/I2V1kpTalB/FC9bRT39jvSlglgcbH6FCsh2l55nC8J3YK537QqViKzX4Dwm+wg"
     "h5NYyA1ByyR7llcWUbQXvIRLwJRXcBvQY1pSKJV/hX4a9ZMv5nKLJyKHJwRLD2YbjiL6xGdXStCvCvWk+wpEh+bm"
     "Z5w+UNaJy4uYfJ42bBwey3KU5YiV6wp7w8oSM9RLIsk7nY6payYj6VoPE1teVlmv+d62O7IXANW9HQCpaHBvoD17"
     "4iPcs/vCPh981o0o2NVHdaH0NMh0djj1BF38G/fleTg4V6F2IMC3Ih8J5r+CrkcWk=\"",
     "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"managedFields\":[{\"apiVersio"
     "n\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:type\":{}},\"manager\":\"lab\","
     "\"operation\":\"Update\",\"time\":\"2026-11-21T04:55:47Z\"}],\"name\":\"no-data-a\",\"na"
     "mespace\":\"cattle-system\"},\"type\":\"Opaque\"}"},
    {kAescbcSecretsConfig, "secrets", "", "cattle-system#docker-a",
     "\"azhzOmVuYzphZXNjYmM6djE6a2V5MTrjfHWbjHrrEOOGpMn1QmWjxaxjeCvaKyJ7fpFfxpNkSKsgH+kpsKkGqz"
     "i2rxQckCGvSlK8qL7zLDj6G+QnZToUNPGhycC5Ku/U9p/k4AHGhe7o3w8bR9hfsSX3/WfXGjiycy8goPMFwuuy3s"
     "0v2RAoj5uP4pGlk5ulDa6EsVNpseNAT4x53c2FFQsxtnZO8D1TIr8a76CkGVF3nYDSzxRc9uadnkrdMySCKAQzyf"
     "rhp601lv67wYM5LW6adnBJC/+Co6Z2P7rf9EYlTjVrbT5gWYj3CX/LzcfI2yIs0+oRaAR4PMg4qDOYEYvNMra13X"
     "PYIoUjE99+zS+XNciJaMK89I3QFYFBXjjO3alK6eWPwIB710brFvylXlsl04GxLSpz9DnJHTh40EDtEtlwTbdedi"
     "XCbAlcsRXlHxwQQCWFK83p69KEbn0FOJZC9hcMIHl0a456HJBbNLsqWC1X9+UZ+uEYdRnccmPHJQ8+hh/SIxtw2a"
     "HAdaSyhgW4f/U154x6mpJopyA38vbkRSAjRNVu\"",
     "{\"apiVersion\":\"v1\",\"data\":{\".dockerconfigjson\":\"eyJhdXRocyI6e319\"},\"kind\":\""
     "Secret\",\"metadata\":{\"managedFields\":[{\"apiVersion\":\"v1\",\"fieldsType\":\"Fields"
     "V1\",\"fieldsV1\":{\"f:data\":{\".\":{},\"f:.dockerconfigjson\":{}},\"f:type\":{}},\"man"
     "ager\":\"lab\",\"operation\":\"Update\",\"time\":\"2026-11-21T04:55:47Z\"}],\"name\":\"d"
     "ocker-a\",\"namespace\":\"cattle-system\"},\"type\":\"kubernetes.io/dockerconfigjson\"}"},
    {kAesgcmSecretsConfigmapsConfig, "secrets", "", "cattle-system#no-data-a",
     "\"azhzOmVuYzphZXNnY206djE6a2V5MTrMiuRhGAaJFz/4yLoobnRtkrs7sZ9kmW78AesMmimCVlKsD20Vrxqg5U"
     "NnYwTm4YOLTUDV5rjuFGfKhbFQpsh+504lq4mb+iwmvZNrQanGQe7jIfEEtwXDtBEHfJNhnu+A6Oxtr5NR/A+2T0"
     "ZB+xscyF52mSyGBxe9l3VQqSKuXs2vKJWjPu1/fVk4CvvR/f7fVwL3hnIPaXRwtxPk9OmPxm1iZU5nhiXtfnuWdi"
     "tYRNeZL2LS+V3F+cRS3hxB8oHsDWhfXSw0fDyJbuI/Aq2UGbTUTp/RuqdQM1DhBMxC3RiCMgIDWoxAmDcDZBJM22"
     "qnnFDF9uQdzhRmfc9MSCT3x3YOCEkQh68CQOeRYeg7X6fYsxG5PIPQ4UlEoCySvSsGGTTTMQ==\"",
     "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"managedFields\":[{\"apiVersio"
     "n\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:type\":{}},\"manager\":\"lab\","
     "\"operation\":\"Update\",\"time\":\"2026-11-21T04:55:47Z\"}],\"name\":\"no-data-a\",\"na"
     "mespace\":\"cattle-system\"},\"type\":\"Opaque\"}"},
    {kAesgcmSecretsConfigmapsConfig, "configmaps", "", "cattle-system#empty-data-a",
     "\"azhzOmVuYzphZXNnY206djE6a2V5MTroK74Uj02iVp+XTpz50+DEeB3IQIucWgkJZHheC3NVmOc7h+LKWDr9oG"
     "bbFuY2ZkeuqdERFDiQxzXSX5IqO7u2SYU5ON7LFZNOIKjqcQPqztlB3yWDhRgJS5IHvPPcJSzSQjswYKiUJ6Y9G3"
     "VKf/S3kkWChiyEPDhr1nElk3rGpkk=\"",
     "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"empty-data-a\",\""
     "namespace\":\"cattle-system\"}}"},
    {kSecretboxAllConfig, "roles", "rbac.authorization.k8s.io",
     "p-chain-a#role:with.dots:and:colons",
     "\"azhzOmVuYzpzZWNyZXRib3g6djE6Ym94LTE66iO+S2X9+ngutJVTobCocDK0m5QA0D/KgHmN5X3ONzXfrzsiCW"
     "xJq2ISjWM6KGxH/hTD0LRSDXZjUHP8ML2rmvVfB4ELQ6cZ9cL/FpKgnr5rZ3BtJF8Z9OMWimTnf5fCgu0wBx+2tC"
     "7GRauScGYAix8o3yFTbqa484K7snKnUoq6/kXvdqR43OREC3qTO01yzUF+WIro165PslSwxEDWyoqZ61gXwdKHh2"
     "NJ0R9XOlIXcvzsijWrRw==\"",
     "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\",\"metadata\":{\"name\""
     ":\"role:with.dots:and:colons\",\"namespace\":\"p-chain-a\"},\"rules\":null}"},
    {kSecretboxAllConfig, "plants", "shapes.lab.cattle.io", "nospec-a",
     "\"azhzOmVuYzpzZWNyZXRib3g6djE6Ym94LTE6ncgN/pFmYBWRATsv3p9boR7b/le4Mst9aaHMtdF36K9ozCKyUG"
     "1JY331J2Z6fIGRfnIuI1bwKN0n5QxMrnEkr+/6/ZGwXHosCnu5SJDskwsp+s5cWb8xyphLok4Q4/CjXKENJRFPvR"
     "8lW3VYUTpsb+ZCv9cc1L0I6U5y0RNxvV/5HjiyoDKqersP6W+j\"",
     "{\"apiVersion\":\"shapes.lab.cattle.io/v1\",\"kind\":\"Plant\",\"metadata\":{\"generatio"
     "n\":1,\"name\":\"nospec-a\"}}"},
    {kSecretboxAllConfig, "secrets", "", "cattle-system#docker-a",
     "\"azhzOmVuYzpzZWNyZXRib3g6djE6Ym94LTE6fDp+OZoekG+wk901MgN4oIH3yutKDM0lrOB5+FpOQ9+0vJ2Sag"
     "yHAgmTywTZYSTfqdtG/MNT4TJh8HYprfn9kvF+Mio+N7ZnUxxx2YJl1AMpeGVZM0+M698vdkoopuNNxqqCi+VAkb"
     "bPLQxxnpjCXPGjDHeH9mlRQ8gF1WWx148w+wg24k0Fc8zwTNOn1tukNdTpck8Q8e31Y2jD0XBo9k0OW4Hg4Ygk02"
     "aaxmtsaBoPjjAknkB5ILktVl+tRhovdWQ9gnFxkL2WZ+xlWry+7SC8qr5KPRBGlHVWqLvkrqF/a39hg1fv+DJJug"
     "hw2nnUSt0OG0GlDSinb0ityGiMt05fJn/LlLTzQLh/B7Ys1h3BFgba1pLfD/HArH5KwOVnvC4yHhaB4OO+py2j0+"
     "1OihAOYLibywTXiuMn57JcbqQycIgjFac7uocUc8MeefqasODjotMeXp/DaHh9+oa8DHU/B3jtzzAxn92OWlr7cw"
     "rMEkljQJEGCjX8LxRk5kmgnFkng+8UNVwqo01EbO/s//bWuyp4TV05K+YX7ujtD6GndjQ=\"",
     "{\"apiVersion\":\"v1\",\"data\":{\".dockerconfigjson\":\"eyJhdXRocyI6e319\"},\"kind\":\""
     "Secret\",\"metadata\":{\"managedFields\":[{\"apiVersion\":\"v1\",\"fieldsType\":\"Fields"
     "V1\",\"fieldsV1\":{\"f:data\":{\".\":{},\"f:.dockerconfigjson\":{}},\"f:type\":{}},\"man"
     "ager\":\"lab\",\"operation\":\"Update\",\"time\":\"2026-11-21T04:55:47Z\"}],\"name\":\"d"
     "ocker-a\",\"namespace\":\"cattle-system\"},\"type\":\"kubernetes.io/dockerconfigjson\"}"},
};

// Keys are named key<length>, and are the first 16, 24 or 32 bytes of kVectorKey.
struct Vector {
  std::string_view provider;
  size_t key_size;
  std::string_view stored;
};

inline constexpr std::string_view kVectorKey = "0123456789abcdefghijklmnopqrstuv";
inline constexpr std::string_view kVectorContext = "cattle-system#tls-ca";  // of secrets
inline constexpr std::string_view kVectorPlain =
    "{\"apiVersion\":\"v1\",\"data\":{\"k\":\"dg==\"},\"kind\":\"Secret\",\"metadata\":{\"nam"
    "e\":\"tls-ca\",\"namespace\":\"cattle-system\"}}";

inline constexpr Vector kVectors[] = {
    {"aescbc", 16,
     "\"azhzOmVuYzphZXNjYmM6djE6a2V5MTY6EQC81Pa494RA23N2h6XvzC+pwD32StNWBu9EKd8RN5un+AbEVvK6Qg"
     "vB6EDFIcGPnvTydzWYTth78XKr89suF9nfcLfuSTNsIKFw2nZ5gosUQCnxnPf5QSfyqGCmnnHlk809W5nJV7aNMS"
     "HqCSelVB7HmijLXYY8o+HuSqpWBMtN3H6IOeQLJLLuZonpXGAp\""},
    {"aescbc", 24,
     "\"azhzOmVuYzphZXNjYmM6djE6a2V5MjQ6jvCY6p7lYCk4cCQgp4bdDviu8q1nIlUe/AQPEsZ2GPam+VAipPYXNV"
     "BkwZUohx/rmgengs+rTI5rC5PW2e3Yd41G69RcHOPkqasA5rNYONoVLXASPJekRY2KFPQt7AotkyJzumG4xjWBL/"
     "3JutfOHLdi78jLXvbTxCaqsENm8hxGYcg0PJmX1Zg3ZZbDSO4h\""},
    {"aescbc", 32,
     "\"azhzOmVuYzphZXNjYmM6djE6a2V5MzI6+otmJScJohsbjJe8EWVoTNNJocCQD0Uipb4VM1DtaDp5JvbUIjFHfg"
     "CmXBzLQnXP7eIe5xSrgU4ylWn8mFRYB4PLcnKFoA+SP/RkBLpo/V9Sbs2aLVkBIoNaFY4z0n2w/ZoHbeHOTWVOI0"
     "cRukgorcOCoaVbkdRsXvH+qf3UYWdfEmWFOtmF1Tz5AO3VosgW\""},
    {"aesgcm", 16,
     "\"azhzOmVuYzphZXNnY206djE6a2V5MTY6rd54QgXQ0h848Qg/wvKgtzTUqLd+V/9D9aucxizLEtQtWlq01B/X/3"
     "D7fDDRsqjgBS+kBMmeb62vl/cSfNNY9r2Nae6OisuDBahSSYD3rxVmJv8CHP+nqv+z2953JwlUjxN+PsimDXgaJZ"
     "9RnPFAtbWnyFqF3yVBNz+lrQVg6leR5yusKjwGzBfG4L0=\""},
    {"aesgcm", 24,
     "\"azhzOmVuYzphZXNnY206djE6a2V5MjQ6wJ3sW3755vfLbBwYBSpL3PQDotBAVBLT+/575YVSOBoQ0eASN7g20C"
     "wIjBm73UMJS64B9tyZPaS/nWWeGefKuQDIiMLbqf59GPKOh0WjT7X1e7Hwi5xikTM8b3UtYHg7SvmdaS0zmxr/Ol"
     "7r0FAoiZ5dMUd2AVKyp1S7CWNYY/mnBRHZ1WBv2EIaLOw=\""},
    {"aesgcm", 32,
     "\"azhzOmVuYzphZXNnY206djE6a2V5MzI6RBtND27ZmKtqPHbueCuuJttkrN5sQZk5ksB9SfrCc5X35aIqrURZ7r"
     "wmTQUBjaL2lWblDvivoWeMrufgN3G4BLIj0jAPn4Zc9gKyNpMxlL/5tEZCMXTN89q9eoMMrEOBSTtFMDDBetFIrA"
     "4cGLHXZMb7zykOyefqzeGwI5SspaiRE1z1GRo/Griccgg=\""},
    {"secretbox", 32,
     "\"azhzOmVuYzpzZWNyZXRib3g6djE6a2V5MzI6Bqg2Z4JR4KiU+YOPvbcwc2MfCg7nxoYwaIOnDJgPcoBMU1EaOc"
     "p8AxXlItDb4sBw6tUY/pFlE6o5Vq4AYoqTocmhkWI6yRWPTN7CPCDWVOtQKfsyU0lcKmiqfNBsadw6e9aZXpsRl/"
     "fgrWxvNfd0hymMSM8+XWUm2S5huG9GTZdrv8eOZZ7TRA7Tt0n8X7YLSvQQv9Y7yMw=\""},
};

}  // namespace holdfast::crypto
