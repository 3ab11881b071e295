// Pieces of two archives that the reference operator wrote (headers and bodies as it wrote them,
// packed anew), and the configuration that one was encrypted with. Its keys are invented.
#pragma once

namespace holdfast::archive::testdata {

// Base64. Folders, a PAX path, "filters" in a name, filters.json; nothing encrypted.
inline constexpr char kPlainArchive[] =
    "H4sIAAAAAAACA+1b3W7bNhT29Z7C0Ho1WLYoS3ZiYBfD2m7DuqBIfwY0cQBaomLNMqnpJ7Wb+GovsYu9Q2922bu8"
    "yZ5kh5R/JFm2ZaZx0EYEElsieXjI850f8tCWF4cRCQLmkbAZDLDVxHE0ZIH7AUcuo83RUdh02bdXqCZfNChd0xSf"
    "UPKf4jsy25qm6zoyujVNh+ZarW7WDlBg+jgAVgLGom3tdtXnJ/eFFKus/Fsv8eRngm0ShE2t5eGBSi1mk3rgkXpd"
    "+TNmEbGV5h8hozuXJi9/1M5iQdNNpOm1+uSQ8q89znJ0VPdxNPy+PA646G//obcfE/Hf/gsA+O/vv7IY+KZWla9M"
    "//dS+TX97xjGRv3vrtl/s9s2anXtkPr/SO3/tYJ99y0YdRC20lM2IqB1hZSGMnKpDa1+TEBzCqCBl2MSYRtHWOld"
    "K2NM8SWxn7vEs0Old7YfeUd0ez31CbRNaLxdvYevMILTC2LAKnydzRrz8QJoDvCElswngaALb974wBVnMHLHnKCu"
    "6R0VIVVHrzWjZ5o94+idMus3FIpF/SbDdj6H+rmiwIjz0ZOZ/RSw2OdPyncKEApIyOLAIidAULzFPc7U7ad0paiY"
    "8DdXJBiIp0sSKf1Z41qhjJ7Om705fSHqWkOCvWj4ofVdQZf+7KD634OW4xIKv6f+d5CR0/+2YbQr/f8C9d9xKfbc"
    "D0CPgxQg07RwFHmEUxgyz+YYPoSNyPDUS3N1rTS57QBV6p0XMAhKzi0L1N+roRGalDInNPa82YP4f0Yd93KM/bB5"
    "t03e59z/obapdav93+Hl30qUQQ2noN/jh5N/p62ZlfwfWv4tx/XAToWqS1UnYDRS8f7Ov4T/Nwwz5//1Lt//V/7/"
    "4P5fuNiF4xzxF9xJLdy+wMpv2N8v6N/DbS8ozl200xstvPHd/G8343/XYa0kdaGPLd4gowXKbFb7estW/c8c+VHp"
    "suv8zzA62fO/to5Qtzr/O0TRj435AeA2INBHVpqTRfnaTzMPIfYd/h9pKOf/26bZMSv/X/n/+/H/j9eaPd44pyoS"
    "9j/xflJ7vr32f22Uz/8b3Sr/U9n/e7L/CawrW8jLfC98r2Psf/6nGwaqzv8OKP/FUd+dbf3+8kd6t5uz/8jUup3K"
    "/h/G/s+N+yLv/IpEYBmzGblF5jqVKxNGPe0ElmdrkygOwI4KMrHLSTv2ERro2kA1DWKrho4H6sDBXbUzIBbGyD5u"
    "a5aySpCvBkaoewwVl4QujT1qKFZAxMNrsPYgvLFfZPLNo3d8GpSySDQWmT944DzefqK3H1Np/fp5rGltC1gWX4gy"
    "K0pSrjzQKAbGIy/nhX7wfW9aeuk2uaqE73LeEmK3KGCeR4JT4pCAUCtJVzbWEqC5dXB6yUosE51L2XswMRYkSc9Z"
    "f7YSSqoq79/hgUwiQvljuJYuDk/JJZlwGTWV7A2JZcX5+Xx14IvLnkAzMrG82CanRa0vONWztmr2zzT1uB9Cpxv4"
    "W650nhq/V7EejwjWeI76ZBkDFF3gYNSbqoOpytEtjoltRkIVVk8lEzeM8n1WTM7DiZsLH/4sdQz/HY+QSN01O1+d"
    "V9s3F+nRd80jJKAXUVg4C+B3gK0RsWNfHcSRoGfDdPqpEKgc6xB8ES8NE1CLyBo+m/gwaJjgC/AxItMkUkvBPhy5"
    "/lJlGNejp7CWJyx6JlZSoG3ryqRmwQXO6e2U7iuxKnyiGzh/wV+LxyJV5ePFfPAoiEECs9KjLZdVvLeJg2NPVAgN"
    "zrARJVo+JN64GQ5bAdThkDSB8rbhUuJa7uCeKHvLs/SCX3Cjp3InqFpYKcVYSIIr1yLKw4IMAPYLj/WvsBcn0pjC"
    "RyORaD+Nul9XqiQYD1t+wCbcpD+jts9cmmjX1iWbS3onLl8yex0m2S1If8+F8F1rlJ164bzHeDpIJr6DRcpsEhZD"
    "duFcmqmbc7x5AWJLXChKQSZIbhTthRepIfkEs7eYUhfhBtDCpZfhFusewPgw65uLRFg9fqVnnZMkZBgTGqXdf7vQ"
    "M+ZBeMLXE2DKRuBZk9uBGdpi9pmoAnv+EKMCUrBvB/ccFRABgF+5/DtMNx+h5NepoDv0wB7b3BP7frgL5o1kJmrK"
    "RhaI31fPBuq4v77E4RD7YLKzVmBD8JFfl/eufSlc5r5UeeffRedi/Qh9YjUt5gktHHhxkWJsGGIpxNEalwWOPVi4"
    "8WKYctdiKzs1eHEE4qvWELsUKJZlVytY57WuHAW5xXtKfI9NuWLAW4jhI+LEXshn2VCeYjJm9FWRH80jZ/6cAGhh"
    "NtftwaYYfMlOeu+z3p8yKoI9rsYlcLbWf6LJdUNy3XS5bm25boZcN1OuW0euW1eu25Fct2NJccvCRBInSBIoSBIp"
    "SBIqSBIrSBIsSBItSBIuSBIvuiRedFm7IokXXRIvuiRedEm86JJ40SXxokviRS+HF3CexedDZxvd88JRwkt76aDD"
    "rXmSZU4lwNQaQpC4xfvfhXzi4lcT+lzjZEKHzaNxor7nWhjWzyw5tAhj5jFNiRnyPRREI/e0frljq9UPhyB8Xxz9"
    "F4V4n+U3Afvnf7pts7r/fZCyW/4tz5G89102/2/qnVz+HyETVfmfB8j/b9/4QoMX7PK5wEsu/ZPL0ey4ErB5mHKZ"
    "D77BztwTeD+cfp6bArlfajl8M9xQFuOJYZRoSMSd2Tr/wVhY54/vWWDX54pUXaSqSlWq8kWU/wHq5miNAEgAAA==";

// Base64. Secrets and config maps are encrypted.
inline constexpr char kAesGcmArchive[] =
    "H4sIAAAAAAACA+1a6ZKjxpb2ozjqzj9ZzQ5SR8wPBEgChBBiEZLdjmAHsYpNgN3PNC8w/+6LTUpVXV1VXb1Yvvad"
    "meiMqBaQeTLP8p08J0+2k2d+FKRWUb35R4v88Jc0GDSKIK6/oL38vT4jBAbDKIoiBPoDjGAEjP3wI/HD39CaqrZK"
    "wEqZ5/WXxn2t/6Vw/0ea88z+kGPVdeKNq76qvfTfZ38Sg5Hv9v932x/yo6T2ymocZWO/zLN6bL05Vnl2i/1JHP+s"
    "/SmEfG5/FCUp6ocf4e/2/8vbnTWEg5wazX4owoO5zvYoTLpHjrRQg5C0YkQG/D5Kt/wmDD3ISfabgUS8wq2WRb1K"
    "TlCk5RpveutK73PnrKl45emOWErWFsNPPUYEidSbXNATvSvZwoy104DQ6d6UFHKpIYg7zwOJSulpF5A0Rhe6fT4e"
    "DH12Xg9bd6Iw3JY64mefG9KFnkTiWiW4roDo5mzLaOqJKhoGWriWJ6FMrYUAOumRx54Dqo125NlcZZrjcHO7Tnfm"
    "wM6YttL8XsS0xZTfYmUVEvimXan88uQrhgEttkGehut4sh8sxevs/ciJBJZpe0g4n6i0pNDOYUpRPewYWNVWPWZu"
    "h2YCbVh4xIToyFzD9YHYTAenkkw1XHf7oJZ67IgwLZ1Zk33qe9uRXK7W5aqeCbYima2jQD45mHNajzN3ap0swmUd"
    "3WuUKkKny1SaS8eFdQCiQ+G69FznNMCrXoUNmZlVyTkn8YyX1XDpwso5Q2et8p93f9z+Dy7+wdVv8u8/t/8jKEUh"
    "L/Z/AqbQ7/7/d7Tf7uIoc+/e3m29Km9Kx1O9+u6nO6uIDACHKM9AV/nQVb25Dw9vohxqETAq9WrLtWrr7u1vd5mV"
    "emCsH3V1U4IIcp2miS5T++4EsVHYHhO4545x1LLHtm9RY9L2HMtC3CkGO2Dwh2U+Lowg1BR0BF7mlVZ9/Yb8dOeU"
    "3vVFi1IPGC8twEgURskxgoxRRIPxtwTxlpgcLmJkWV5fB1dXHvP6wuM//zv753/9+MvdqQHv7i93P/7SwDDmAJav"
    "D97deyCalVmB584jL3EB7c+/PXwpAX3cAMbrBMyfF4+M3dFFkfTfrLo6uqrrM3z712W1vriMuefBQB6/g0cgjP8W"
    "xO66zJPEK7ee75VeBtYBPYB7/+1T0/hvX+jBf3uvid/ev78OLh9tnwDB8rK673r3/qNRnnQBXTyTEbx4Xe1ll9fq"
    "TTypHoW8QKvaeoHXXWz05omN1wAtjx2//PKgHfAQ5f8BhnmdkzSut31t9K+XWX/GxsS7n+Hx9F0FiH4Hf4+afjnb"
    "+59e8PuRNSDL3WXuqrAc7+7dc/auvXmW9GO7H1/QPbYAnZt71Rhob+x1UVW/pPnI5EMi9fuvBfhzxin41088rx5/"
    "Tbpi/NDt/v7r09W/JkflAb+oq1elAPzalhN7blOM7aa+zucCccDY7IP438Z6Ytle8hQmwC1qJwRBGSxa3eML4CP2"
    "ejATGPwE9lUcFY8uk1/8iAW6XOc1d9XkFW1f1MwTKS4Gv8z3VeuqV61cBP0M56vL5+vra656Wa+5LF6XDbDA+29e"
    "7VGt1++u51tNcu24evAzNup7Lw+9JH1ThVAJ+qzKewNm/tJyT8z1mMFfPOcP2vObFf7rZdMbX4Lg2LHuvomxyivb"
    "CPjVvxdkAGB8Bj61VtLcW6MHPz/dW/TdU9SJH13pyngFFWXeXbZ0LnOLPMruveuLKnuw9FdxucndT2Hy7PD1Bcy+"
    "rogicuLnor8qd2r19r3gX2Exy12veh2yH4LLm4egD/gcX4a/gtgSIOiN1dRhXkbDNQJ9IUL8CqLZH8bLTUteBGQS"
    "kPuB2Hm/pnP/duHABiOiLKi+sLuXYH0g9e+/3hvrLXh++ykn9ylD6mX10/CPvRoZX4JwfdEngGkeg8gK7PVy7qv0"
    "z7IKKylCC3llKgbkCYCHVyYBAG+jyzMQ92WG8lJPr5ADCivJP09pFUX1NZj/dC/J+Mke+Yr5i/HP9jh996mKq9Aq"
    "wJb9fBf4TPLxUi/nyA2uIfOPznoh3l2JX/ePqvCcN06eXL3QTprXHOMzSzwaMf6Ey1cCe/khjL8O00toce++6sH3"
    "6Q9Aw9gJrSgDM34ru/Arev6E9IKCF8pjvSLJ+4tjgK8gh689v0mqi5Q/3bGWl+aZ+locfYmch/d7AH3YNj/dDz6X"
    "gz+y8/Ts8yl9lmfXZO/ixt+As0/oO/g2MuQ2MvQ2Muw2Mvw2MuI2MvI2Muo2ssltZNMbzX0rTG7ECXIjUJAbkYLc"
    "CBXkRqwgN4IFuREtyI1wQW7EC3ojXtBb95Ub8YLeiBf0RrygN+IFvREv6I14QW/EC/pteAHB8/X60M+fDc8fAiX4"
    "6D4G6OppPn6f8z2LwQ9HgNLKnBAkiV+I/n9m+vsQ/1Ggf9U6z1KHz692mbRIIscC+iO+celrGvOQ03yDhJczFMhG"
    "/iL9vShbgdPfQ/33Y4J1vf8rxh/u/Kx/3VXAV+//YPzl/S/xvf7/d9X/Xy8BXConj7B6XulPHktmXlrUl9LDhaax"
    "vTLzau960H5ZIHgCq/v6zqXgZYFVXq20f8rRt9XDn9e8P7L55kNR/IHf+5cvcnw/5MropRL+yGZ576kvSv96AUi9"
    "L1T1ceJw3ZFfUQeY+nJcvPIcZVYSDd61yP5Eo5czyfWU1FzFAQfE6jIL7dRRezla/hn7P5SNX7n8L3Mb7BfX+sOf"
    "3Ay+4v8ERr68/0dQCv7u//8L7v9zIZ6RYd7GLjIYcdwq9k5ibUK1d0fWWeZByXROGp+zvUTaYib2lqElVliYjEDB"
    "ND3fKGQSdwSycHMKR7Y5JKwTl+1JkRYik9L7WU6lrFVNyX3jzzrJxGu2YlGvPI12W7RwsozgI52REn600DdU7OS2"
    "vzuxqmVEcm7LKoQgohaomc7wnU6suOnRmjDCqrPmUdhb/GK2MhlsMdt7JpEWVrMjod1ssiS5IrCpc8lKLJ8Y3k7p"
    "Ix6jCQM1LckYcd1IqUt+FYuDJcu2U4fIKFnoGMPv580MDfytTUE1qWPrwUu5w2azGE6Ma2FwLmLFThnMTbTQF8gu"
    "0s6yrGuVMZtLPT4RY5RTywhX1xpNuzlbciJX8VoRI1RP6ENSJS7RUxal5GR6kBEFbXxmWrNMvwl3x5F8dCyB2emq"
    "DnHqSty2AaZnUcgJM1PaLdPjZL7NjzqkRqGMnFJ4HfqFgWrLwlvwyDHy627f5L531IZRruSjaM1As4D0dyGJKbbA"
    "uOtp4O56WoSoXSnBh7rZlvUsPPpkn7mpu1UNlUlOg6AU6o5Ql4ZQ8hNyz4oUpfUGyy1SPeVPs1Fq9i473W4Kks0K"
    "rRQtbqEx1tlxS7bcHQk3ruJsMpFaf64Jk9rXltvlouOObtNrszI4qwMp1ygr8S5P93ixZIY43+WkpR9FA4N9rMMK"
    "BTX0HWo2UGXkBtOfxcHXLe0QWUJXMoRiDSd3vj8vcYNILQWTpuuYY3TNXTH7ykXEnlCL7TmBeG53DkwxykYDb6PM"
    "qBW0OZA53HJ5k2YRSoucsV0PpteSaVAspW2owlVfssQ0bKejDD+snJaDXWdjhYcu55atOlqrtTn35+hRbo+jPbI5"
    "HCVFKvalB2/yEV2Xk5VBRepSknkKqXCr20aT1UkqBg5pQyGiNQrZM1rfiLSowDXkoMLGXWzVXHSKvSn3EDaHWmyJ"
    "Q4ZyGKKapR1qtIh4wl2Wfr0QjZOEcztUMe2cOzMHm2ZmebCn4OSERYZz9uh6NFI42Gp5pQtEac5O6opLbb1W99Sq"
    "WseDKO73GmlPpv1pz6w0ebs7GhTjyNqaxU4QzTtBYsssjq0pjK7draGPzhhpOswqnhWZuVZMXVqJsWBY+qxTNatZ"
    "bHuNFjVEi5HDUp4gg8cUy9UppzgHbsjFMHPhIstnM9zozFwW9RNRCbpuI+lqiGNyVjqbUcjYMsyrtsdlg1CoWXyY"
    "Tg8cU6/N3X6+AxuDjJsqJyHJFEesBF8UbIelmh8taJHtm8lywO1qLhhYNrIR6WgIAhKnubzdy0PbqcqclfVqkeME"
    "20iNgvmLNts5fo0Im1nrT3N2W2/VY3va7dtyOE4p16zylteyYEgIPFOgvbOEAsnYiBiMdeJJ0+VeHI0CRqSSMpWc"
    "Iz7ho3punNfScD4cijPPMifO7nQrbo+tEk0B6JPFRmWTMNEZSBK1/bTnCU5sXLnzyKVML5K9KyRwlQcrXJ/SUqnD"
    "3I5HfeBjgT4yj9G6djqbDxFajOVY9XSUWXFn1FTjc0oK0UlZri056M5bHA2tKEylg1YJM5mxUys/9zmeC7u8mB8C"
    "Dwr0abdLWyTYoBMjJGUSmZ83zC4RB3XPseGpYWOW7rJR3epBH7r4saY2ICogp3lCb2Za3Sw7mLX3G0cdqFFb0iXI"
    "0hrER0TMtXYNJmdxM2POCqQtVCteEP0qGGlLeqTigYU67nzh7FIu2eUM0qfdtG45OcN8aFOFcFBlEbLe4dtDXfqN"
    "edL3NVueDxWuuBK7XZ/UA6M7aeF48aRh54dwIupLukvnE2onrDWKz5aemsF7em81UDTfkLvjGmnXTYYmfTZPtIqh"
    "ubTxfEIUbKvJDnPM9M0m0MD2hIi6aizl6Lg4MXwrLRSZt5w6hudtK3qtAuvSerBcKuhto3f7mcRvj5WK4zo1h9TK"
    "8BScbfbstJUNy+fYhdzOy2Lt5Vt5vlMnEsqaRFyMdm24VFoSK92iNUu0FRS/I/eCtW3gaM/EzWCSk/WhUBfHND0s"
    "gg3T+1nXFaO1vtixs0yBWXk1c9YWP3NI1xCtjDSKeiRE9mYjH4r16jjSc1GmbZ/0D9WZz3qQx5v4VhpRm0bCdrFQ"
    "OMzUma6KyFfaFBXVgQOJ/uGgnUWIRHRppw5tNQQKyfAIz4XeHlsVyv4oT3V5k6Jgv16IuZwvSIm3kpKy/V4b5fII"
    "jg/EhsBxw8cwq1susGXT88ZclUI4l5kEFbU2g6YryBTsaMKvs6lRO2d1zmeHSS5Dzbahe5rlMczxNrsjNJMbIkuj"
    "9bnGTufcZWO4PZixhncrXUKIGY5NeNeSuzTe0kLncSs6T6aFQI+Osl0qdZpEiqF0o0m72ZdVvaWGfKLDKEd7reYf"
    "zx6uIStfGbUauuzpoOcpFZ4gqb6QlS20zM5mGqsYUu01B0JPiQ/pbAwNM4CNwS6EYztVkSV2HpyOGjB7cCIm0QVe"
    "KBnoyMKjmbCYwlq76heozRlisogXawSij3twek9XnkW7qUgiBMNTHLRU2eqM4UVTYyEJZ1yL+WqOrkTdp/Kyy8hq"
    "VBEErnVngvYEnoDXZszBzCFSZlVVOOvei/h60W+NQ8IyMjOdFI4/STXvCEHlvLK6SFvlm1Qq3TLa+YGNS3BHOYN8"
    "rvdL8qDMwS4163FbqMBuLpuRhhNNIWijKDueWkkJm/5Qn8qVqRwWW0utR3Jmt1ymhibfIHiqojblpQS3xSYYphbo"
    "mcuXhw0bW1nmY5vZ3MIqLaqYDqRrgbF1q+26ImSJ0sgzRTIE7SqJGURWoM/EeBVGKEQEU+ps12h1XLE7rUYXgn2Q"
    "135/al08Zuc0UzhtzAiYrB70XJ3DqwibEitBDI4mS8MYcTzYQ3PQreIoMpJtn9C2rfADGS5DCIGXZevZ+8LAwHlH"
    "v+X/SX5v39v39r39f2v/A7t+118ANgAA";

inline constexpr char kAesGcmConfig[] = R"(apiVersion: apiserver.config.k8s.io/v1
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

}  // namespace holdfast::archive::testdata
