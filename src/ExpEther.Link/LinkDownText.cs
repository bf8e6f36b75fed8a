namespace ExpEther.Link;

/// <summary>Reasons of an epoch's end in words, for whoever owns the link and reports it.</summary>
public static class LinkDownText
{
    public static string Of(LinkDownReason reason) => reason switch
    {
        LinkDownReason.Closed => "closed here",
        LinkDownReason.Dead => "nothing was heard or acknowledged for too long",
        LinkDownReason.PeerReset => "the peer ended it",
        LinkDownReason.PeerRestarted => "the peer set it up anew",
        _ => "the peer broke the protocol",
    };
}
