namespace ExpEther.Nvme.Controller.Requests;

internal enum PendingAnswerKind : byte
{
    NoData,
    Value,
    BarRead,
}
