"""Lists that people are composed of: names, places, number ranges. Pure data; all of it invented or common stock."""

from __future__ import annotations

# Surname and its pinyin, commonest first; drawn with falling weights.
_SURNAMES = (
    "王 wang|李 li|张 zhang|刘 liu|陈 chen|杨 yang|赵 zhao|黄 huang|周 zhou|吴 wu|徐 xu|孙 sun|胡 hu|朱 zhu|高 gao"
    "|林 lin|何 he|郭 guo|马 ma|罗 luo|梁 liang|宋 song|郑 zheng|谢 xie|韩 han|唐 tang|冯 feng|于 yu|董 dong"
    "|萧 xiao|程 cheng|曹 cao|袁 yuan|邓 deng|许 xu|傅 fu|沈 shen|曾 zeng|彭 peng|吕 lv|苏 su|卢 lu|蒋 jiang"
    "|蔡 cai|贾 jia|丁 ding|魏 wei|薛 xue|叶 ye|阎 yan|余 yu|潘 pan|杜 du|戴 dai|夏 xia|钟 zhong|汪 wang|田 tian"
    "|任 ren|姜 jiang|范 fan|方 fang|石 shi|姚 yao|谭 tan|廖 liao|邹 zou|熊 xiong|金 jin|陆 lu|郝 hao|孔 kong"
    "|白 bai|崔 cui|康 kang|毛 mao|邱 qiu|秦 qin|江 jiang|史 shi|顾 gu|侯 hou|邵 shao|孟 meng|龙 long|万 wan"
    "|段 duan|章 zhang|钱 qian|汤 tang|尹 yin|黎 li|易 yi|常 chang|武 wu|乔 qiao|贺 he|赖 lai|龚 gong|文 wen"
    "|欧阳 ouyang|司马 sima|上官 shangguan|诸葛 zhuge|慕容 murong"
)
SURNAMES = _SURNAMES.split("|")
# Surnames outside GBK: GB18030 writes them in four bytes, and a GBK reader fails on them.
RARE_SURNAMES = ["𠮷 ji", "䶮 yan", "㛃 jie", "𫍯 xi", "㴉 han"]
# A wrong character that sounds or looks alike, as typed by a tired cashier.
SURNAME_SLIPS = {"张": "章", "章": "张", "江": "姜", "姜": "江", "余": "于", "于": "余", "徐": "许", "许": "徐", "程": "陈"}

_GIVEN_FEMALE = (
    "芳 fang|娜 na|敏 min|静 jing|丽 li|艳 yan|娟 juan|霞 xia|燕 yan|玲 ling|桂 gui|丹 dan|萍 ping|红 hong|玉 yu"
    "|兰 lan|英 ying|梅 mei|莉 li|秀 xiu|雪 xue|琳 lin|晶 jing|洁 jie|倩 qian|婷 ting|宁 ning|蓉 rong|妍 yan|茜 qian"
    "|薇 wei|梦 meng|岚 lan|瑶 yao|怡 yi|婵 chan|雁 yan|蓓 bei|佳 jia|嘉 jia|琼 qiong|珍 zhen|欣 xin|悦 yue|涵 han"
    "|诗 shi|语 yu|若 ruo|紫 zi|晴 qing|可 ke|心 xin|一 yi|子 zi|思 si|雨 yu|馨 xin|依 yi|诺 nuo|彤 tong"
)
_GIVEN_MALE = (
    "伟 wei|强 qiang|磊 lei|军 jun|洋 yang|勇 yong|杰 jie|涛 tao|明 ming|超 chao|刚 gang|平 ping|辉 hui|鹏 peng|华 hua"
    "|飞 fei|鑫 xin|波 bo|斌 bin|宇 yu|浩 hao|凯 kai|健 jian|俊 jun|帆 fan|帅 shuai|旭 xu|宁 ning|龙 long|林 lin"
    "|建 jian|国 guo|志 zhi|文 wen|海 hai|东 dong|晓 xiao|天 tian|云 yun|新 xin|博 bo|睿 rui|泽 ze|轩 xuan|然 ran"
    "|子 zi|浩 hao|一 yi|诚 cheng|晨 chen|阳 yang|航 hang|嘉 jia|瑞 rui|哲 zhe|铭 ming|启 qi|远 yuan|峰 feng|彬 bin"
)
GIVEN_FEMALE, GIVEN_MALE = _GIVEN_FEMALE.split("|"), _GIVEN_MALE.split("|")

# City, province, province code of Shopify, postcode.
PLACES = [
    ("上海市", "上海", "SH", "200000"),
    ("北京市", "北京", "BJ", "100000"),
    ("广州市", "广东省", "GD", "510000"),
    ("深圳市", "广东省", "GD", "518000"),
    ("杭州市", "浙江省", "ZJ", "310000"),
    ("宁波市", "浙江省", "ZJ", "315000"),
    ("南京市", "江苏省", "JS", "210000"),
    ("苏州市", "江苏省", "JS", "215000"),
    ("成都市", "四川省", "SC", "610000"),
    ("重庆市", "重庆", "CQ", "400000"),
    ("武汉市", "湖北省", "HB", "430000"),
    ("西安市", "陕西省", "SN", "710000"),
    ("长沙市", "湖南省", "HN", "410000"),
    ("青岛市", "山东省", "SD", "266000"),
    ("天津市", "天津", "TJ", "300000"),
    ("沈阳市", "辽宁省", "LN", "110000"),
    ("厦门市", "福建省", "FJ", "361000"),
    ("合肥市", "安徽省", "AH", "230000"),
]
DISTRICTS = ["东城区", "西湖区", "南山区", "江北区", "高新区", "滨江区", "新城区", "鼓楼区"]
STREETS = ["人民路", "建设路", "解放路", "中山路", "文化路", "和平路", "新华路", "长江路", "桃园街", "学府街", "竹林街", "海棠路"]

# Mobile ranges of real people. 138, 139 and 188 are left to the placeholders, 184 to the virtual hosts.
PHONE_PREFIXES = [
    *(131, 132, 133, 134, 135, 136, 137, 150, 151, 152, 153, 155, 156, 157, 158, 159),
    *(166, 173, 175, 176, 177, 178, 180, 181, 182, 183, 185, 186, 187, 189, 191, 198, 199),
]
PLACEHOLDER_PHONES = [13800138000, 13900000000, 11111111111, 13888888888, 18888888888, 12345678901, 13800000000]
VIRTUAL_HOSTS = [18400001234, 18400005678, 18411112222]
WALK_IN_CARD = "8800000001"

EMAIL_DOMAINS = ["qq.com", "163.com", "126.com", "gmail.com", "outlook.com", "sina.com"]
EMAIL_WEIGHTS = [0.40, 0.25, 0.10, 0.12, 0.08, 0.05]
# The official account, the mini program, the WeChat Store: somebody has an openid of their own in each.
WECHAT_APPIDS = ["wx3f0a5be1c27d9846", "wx91c4d7720be8a635", "wx7be2d60c1f94a583"]
NICK_WORDS = ["爱购物", "的小店", "不吃香菜", "在路上", "想去海边", "家的猫", "今天也开心", "小鱼干"]
