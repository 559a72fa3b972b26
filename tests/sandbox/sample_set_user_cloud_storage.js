tt.setUserCloudStorage({
  KVDataList: [
    {
      key: "xxx",
      value: JSON.stringify({
        ttgame: {
          score: 100,
          update_time: 1557813466,
        },
        progress: 10,
      }),
    },
  ],
  success: (res) => {
    console.log("调用成功");
    console.log(res.errMsg);
  },
  fail: (res) => {
    console.log("调用失败");
  },
  complete: (res) => {
    console.log("调用完成");
  },
});
